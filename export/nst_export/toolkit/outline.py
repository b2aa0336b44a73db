"""The outline of a graph: which functions, loops and branches each signature runs, without the single ops."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from nst_export.saved_model.graph_file import read_saved_model, served_graph
from nst_export.saved_model.messages import graph_pb2, meta_graph_pb2, node_def_pb2
from nst_export.saved_model.ops import LOOPS, nodes_before
from nst_export.toolkit.signatures import INTERNAL

Kind: TypeAlias = Literal["signature", "function", "loop", "branch", "again"]
Nodes: TypeAlias = Sequence[node_def_pb2.NodeDef]

CALLS = {"PartitionedCall", "StatefulPartitionedCall"}
ROLES = {"body": "loop", "cond": "condition of the loop", "then_branch": "then", "else_branch": "else"}
DEEPEST = 40  # levels: functions that call one another deeper are drawn to there
SMALL = 12  # nodes: a branch or a function with fewer, which calls nothing, is not drawn

# Of these a reader wants to know first; then come the most frequent of the others.
HEAVY = ("Conv2D", "Conv2DBackpropInput", "DepthwiseConv2dNative", "Conv3D", "MatMul", "BatchMatMulV2", "Einsum")
PLUMBING = CALLS | {
    *("Const", "Identity", "IdentityN", "NoOp", "Placeholder", "PlaceholderWithDefault", "VarHandleOp", "VariableV2"),
    *("Reshape", "Shape", "StridedSlice", "Pack", "Unpack", "Cast", "Squeeze", "ExpandDims", "ReadVariableOp"),
}
MOST_OPS = 3

AROUND = re.compile(r"^__(?:inference|forward)_(?:signature_wrapper_)?_?|_\d+$")


class Part(NamedTuple):
    """A piece of the outline."""

    title: str
    kind: Kind
    nodes: int  # its own, without those of the pieces below
    ops: str  # the most telling of them
    parts: tuple[Part, ...]


def outline_of(version_dir: Path) -> list[Part]:
    """The outline of a version on disk.

    Raises:
        SavedModelError: its graph cannot be read.
    """
    return outline(served_graph(read_saved_model(version_dir)))


def outline(graph: meta_graph_pb2.MetaGraphDef) -> list[Part]:
    """A part for each signature, by name. A function that several call is drawn where it is called first."""
    builder = _Builder(graph.graph_def)
    signatures = sorted(graph.signature_def.items())
    return [builder.signature(name, definition) for name, definition in signatures if name not in INTERNAL]


class _Builder:
    def __init__(self, graph: graph_pb2.GraphDef) -> None:
        self._graph = graph
        self._functions: Mapping[str, Nodes] = {one.signature.name: one.node_def for one in graph.library.function}
        self._drawn: set[str] = set()

    def signature(self, name: str, definition: meta_graph_pb2.SignatureDef) -> Part:
        nodes = nodes_before(self._graph, (info.name for info in definition.outputs.values()))
        return self._part(name, "signature", nodes, 0)

    def _part(self, title: str, kind: Kind, nodes: Nodes, depth: int) -> Part:
        parts: dict[Part, None] = {}  # each once, in their order
        for node in nodes if depth < DEEPEST else ():
            parts |= dict.fromkeys(self._below(node, depth + 1))
        wrapped = next(iter(parts), None)
        if len(parts) == 1 and wrapped and wrapped.kind == "function" and _wraps(nodes):
            return wrapped._replace(title=title, kind=kind)
        return Part(title, kind, len(nodes), _ops(nodes), tuple(parts))

    def _below(self, node: node_def_pb2.NodeDef, depth: int) -> Iterator[Part]:
        for title, name in _called(node):
            if name not in self._functions:  # a damaged graph
                continue
            if name in self._drawn:
                if node.op in CALLS:
                    yield Part(title, "again", len(self._functions[name]), "", ())
                continue
            self._drawn.add(name)
            kind: Kind = "loop" if node.op in LOOPS else "function" if node.op in CALLS else "branch"
            part = self._part(title, kind, self._functions[name], depth)
            if part.parts or part.nodes >= SMALL:
                yield part


def _wraps(nodes: Nodes) -> bool:
    """Whether all that nodes do is to call something."""
    return all(node.op in PLUMBING for node in nodes)


def _called(node: node_def_pb2.NodeDef) -> Iterator[tuple[str, str]]:
    """Titles and names of the functions that a node calls."""
    for role, attribute in sorted(node.attr.items()):
        if attribute.HasField("func"):
            name = attribute.func.name
            yield _plain(name) if role == "f" else ROLES.get(role, role), name
        functions = attribute.list.func
        for place, function in enumerate(functions, start=1):
            yield f"case {place} of {len(functions)}", function.name


def _plain(name: str) -> str:
    """A function's name without what TensorFlow puts around it."""
    return AROUND.sub("", name) or name


def _ops(nodes: Nodes) -> str:
    counts = Counter(node.op for node in nodes if node.op not in PLUMBING)
    heavy = [op for op in HEAVY if counts[op]]
    others = [op for op, _ in counts.most_common() if op not in HEAVY]
    return ", ".join(f"{op} {counts[op]}" for op in (heavy + others)[:MOST_OPS])
