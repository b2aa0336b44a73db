"""Whether TensorFlow has a kernel for GPUs, asked of the registry of the runtime that is installed here.

The wheels on PyPI hold the GPU kernels, so their registry answers on a machine without a GPU.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import NamedTuple

import tensorflow as tf
from tensorflow.core.framework import attr_value_pb2, node_def_pb2
from tensorflow.python.framework import kernels, op_def_registry

ON_A_GPU = {"GPU", "DEFAULT"}  # DEFAULT kernels serve every device


class Kernel(NamedTuple):
    """One that runs on GPUs."""

    dtypes: Mapping[str, AbstractSet[int]]  # that it takes, by the op's attribute
    in_host_memory: AbstractSet[str]  # those of the op's arguments that it wants or leaves there
    rank: tuple[int, bool]  # the highest is taken: its priority, and whether it is for GPUs alone

    def fits(self, node: node_def_pb2.NodeDef) -> bool:
        """Whether it takes the node's dtypes."""
        return all(_types(node, name) <= allowed for name, allowed in self.dtypes.items())


def runs_on_a_gpu(node: node_def_pb2.NodeDef) -> bool:
    """Whether there is a kernel for GPUs for the node's op and dtypes."""
    return kernel_for(node) is not None


def kernel_for(node: node_def_pb2.NodeDef) -> Kernel | None:
    """The kernel that a GPU runs for the node's op and dtypes; None if there is none."""
    return next((kernel for kernel in _gpu_kernels(node.op) if kernel.fits(node)), None)


@functools.cache
def _gpu_kernels(op: str) -> list[Kernel]:
    """An op's, the one of the highest rank first."""
    found = [
        Kernel(
            {constraint.name: frozenset(constraint.allowed_values.list.type) for constraint in kernel.constraint},
            frozenset(kernel.host_memory_arg),
            (kernel.priority, kernel.device_type == "GPU"),
        )
        for kernel in kernels.get_registered_kernels_for_op(op).kernel
        if kernel.device_type in ON_A_GPU
    ]
    return sorted(found, key=lambda kernel: kernel.rank, reverse=True)


def _types(node: node_def_pb2.NodeDef, name: str) -> set[int]:
    """The dtypes that a node's attribute says."""
    attribute = attribute_of(node, name)
    return {attribute.type} if attribute.HasField("type") else set(attribute.list.type)


def attribute_of(node: node_def_pb2.NodeDef, name: str) -> attr_value_pb2.AttrValue:
    """A node's attribute; a SavedModel leaves out those that are the op's default."""
    if name in node.attr:
        return node.attr[name]
    (default,) = (attr.default_value for attr in op_def_registry.get(node.op).attr if attr.name == name)
    return default


def op_and_types(node: node_def_pb2.NodeDef) -> str:
    """An op's name, with the dtypes where others of them do run on a GPU: `Equal string`."""
    types: set[str] = set()
    if _gpu_kernels(node.op):
        types = {tf.as_dtype(value.type).name for value in node.attr.values() if value.HasField("type")}
    return " ".join([node.op, *sorted(types)])
