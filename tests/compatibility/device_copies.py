"""Where a GPU's program waits: tensors that a kernel leaves in its memory and another one wants in the host's.

TensorFlow's kernels say which of their inputs and outputs are in the host's memory; int32 and shapes mostly
are. A copy from the GPU waits until that has done all it was told to, and until then nothing more is told.
"""

from __future__ import annotations

from collections.abc import Iterator

from tensorflow.core.framework import function_pb2, graph_pb2, node_def_pb2, op_def_pb2, types_pb2
from tensorflow.python.framework import op_def_registry

from nst_export.saved_model.gpu_kernels import attribute_of, kernel_for
from nst_export.saved_model.ops import functions_of

# Lowered to Switch and Merge, which take int32 and bool in the host's memory; their branches become a part of the
# graph. A function that stays one takes its int32 there and its bool on the GPU.
BRANCHES = {"If", "StatelessIf", "Case", "StatelessCase", "While", "StatelessWhile"}
CALLS = {"PartitionedCall", "StatefulPartitionedCall"}
HOST = {types_pb2.DT_STRING, types_pb2.DT_RESOURCE, types_pb2.DT_INT32}
BY_TYPE = {"branches": {*HOST, types_pb2.DT_BOOL}, "calls": HOST}


def copies_from_gpu(graph: graph_pb2.GraphDef, function: str) -> Iterator[tuple[str, str]]:
    """Of tensors that a branch, or what it calls, copies to the host: the function, and the op for which."""
    library = {each.signature.name: each for each in graph.library.function}
    waiting, seen = [(function, False)], set()
    while waiting:
        name, called = waiting.pop()
        if name in seen or name not in library:
            continue
        seen.add(name)
        on_gpu = _on_gpu(library[name], BY_TYPE["calls" if called else "branches"])
        for node in library[name].node_def:
            data = [tensor for tensor in node.input if not tensor.startswith("^")]
            for tensor, (_, _, host) in zip(data, _memory(node, outputs=False), strict=True):
                if host and tensor in on_gpu:
                    yield name, node.op
            waiting += [(inner, node.op in CALLS) for inner in functions_of(node)]


def _on_gpu(function: function_pb2.FunctionDef, host: set[int]) -> set[str]:
    """The tensors that are in the GPU's memory, by the names that nodes of the function have for them."""
    found = {argument.name for argument in function.signature.input_arg if argument.type not in host}
    for node in function.node_def:
        found |= {f"{node.name}:{name}:{place}" for name, place, host in _memory(node, outputs=True) if not host}
    return found


def _memory(node: node_def_pb2.NodeDef, *, outputs: bool) -> Iterator[tuple[str, int, bool]]:
    """Of each input or output: the argument's name, its place among that argument's, and whether the host has it."""
    definition = op_def_registry.get(node.op)
    kernel = None if node.op in BRANCHES | CALLS else kernel_for(node)
    for argument in definition.output_arg if outputs else definition.input_arg:
        for place, kind in enumerate(_types(node, argument)):
            if node.op in BRANCHES | CALLS:
                host = kind in BY_TYPE["calls" if node.op in CALLS else "branches"]
            else:
                host = kernel is None or argument.name in kernel.in_host_memory
            yield argument.name, place, host


def _types(node: node_def_pb2.NodeDef, argument: op_def_pb2.OpDef.ArgDef) -> list[int]:
    if argument.type_list_attr:
        return list(attribute_of(node, argument.type_list_attr).list.type)
    kind = argument.type or attribute_of(node, argument.type_attr).type
    return [kind] * (attribute_of(node, argument.number_attr).i if argument.number_attr else 1)
