"""Every op of a SavedModel, those in its functions and loop bodies included, and what may run it."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path

import tensorflow as tf
from tensorflow.core.framework import graph_pb2, kernel_def_pb2, node_def_pb2
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow.python.framework import kernels, op_def_registry

LOOPS = {"While", "StatelessWhile"}
ON_A_GPU = {"GPU", "DEFAULT"}  # DEFAULT kernels serve every device


def graph_of(version_dir: Path) -> graph_pb2.GraphDef:
    model = saved_model_pb2.SavedModel.FromString((version_dir / "saved_model.pb").read_bytes())
    return model.meta_graphs[0].graph_def


def all_nodes(graph: graph_pb2.GraphDef) -> list[node_def_pb2.NodeDef]:
    return [*graph.node, *(node for function in graph.library.function for node in function.node_def)]


def functions_of(node: node_def_pb2.NodeDef) -> Iterator[str]:
    """Names of the functions that a node calls: branches, bodies, conditions."""
    for attribute in node.attr.values():
        if attribute.HasField("func"):
            yield attribute.func.name
        yield from (function.name for function in attribute.list.func)


def nodes_in_loops(graph: graph_pb2.GraphDef) -> list[node_def_pb2.NodeDef]:
    """Nodes of the body and condition of every loop, and of all functions called from there."""
    bodies = {function.signature.name: function.node_def for function in graph.library.function}
    waiting = [name for node in all_nodes(graph) if node.op in LOOPS for name in functions_of(node)]
    seen: dict[str, list[node_def_pb2.NodeDef]] = {}
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen[name] = list(bodies[name])
            waiting += [inner for node in seen[name] for inner in functions_of(node)]
    return [node for nodes in seen.values() for node in nodes]


def runs_on_a_gpu(node: node_def_pb2.NodeDef) -> bool:
    """Whether TensorFlow registers a kernel for the node's op and dtypes that serves GPUs.

    The wheels on PyPI hold the GPU kernels, so their registry answers on a machine without a GPU.
    """
    return any(_fits(kernel, node) for kernel in _gpu_kernels(node.op))


@functools.cache
def _gpu_kernels(op: str) -> list[kernel_def_pb2.KernelDef]:
    registered = kernels.get_registered_kernels_for_op(op).kernel
    return [kernel for kernel in registered if kernel.device_type in ON_A_GPU]


def _fits(kernel: kernel_def_pb2.KernelDef, node: node_def_pb2.NodeDef) -> bool:
    return all(
        _types(node, constraint.name) <= set(constraint.allowed_values.list.type) for constraint in kernel.constraint
    )


def _types(node: node_def_pb2.NodeDef, name: str) -> set[int]:
    """The dtypes that a node's attribute says; a SavedModel leaves out those that are the op's default."""
    if name in node.attr:
        attribute = node.attr[name]
    else:
        definition = op_def_registry.get(node.op)
        (attribute,) = (attr.default_value for attr in definition.attr if attr.name == name)
    assert attribute.WhichOneof("value") in {"type", "list"}, (node.op, name)
    return {attribute.type} if attribute.HasField("type") else set(attribute.list.type)


def shown(node: node_def_pb2.NodeDef) -> str:
    """An op's name, with the dtypes where others of them do run on a GPU: `Equal string`."""
    if not _gpu_kernels(node.op):
        return node.op
    types = sorted({tf.as_dtype(value.type).name for value in node.attr.values() if value.HasField("type")})
    return " ".join([node.op, *types])
