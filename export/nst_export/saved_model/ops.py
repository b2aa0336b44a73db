"""The ops of a SavedModel, those in its functions and loops included. TensorFlow's runtime is not needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from nst_export.saved_model.graph_file import read_saved_model, served_graph
from nst_export.saved_model.messages import graph_pb2, node_def_pb2

LOOPS = {"While", "StatelessWhile"}


def read_graph(version_dir: Path) -> graph_pb2.GraphDef:
    """The graph of a version.

    Raises:
        SavedModelError: there is none, or it is damaged.
    """
    return served_graph(read_saved_model(version_dir)).graph_def


def all_nodes(graph: graph_pb2.GraphDef) -> list[node_def_pb2.NodeDef]:
    """The graph's own nodes, then those of its functions, each function once."""
    return [*graph.node, *(node for function in graph.library.function for node in function.node_def)]


def functions_of(node: node_def_pb2.NodeDef) -> Iterator[str]:
    """Names of the functions that a node calls: branches, bodies, conditions."""
    for attribute in node.attr.values():
        kind = attribute.WhichOneof("value")  # of the few that may name functions alone more is asked: graphs are large
        if kind == "func":
            yield attribute.func.name
        elif kind == "list":
            yield from (function.name for function in attribute.list.func)


def nodes_in_loops(graph: graph_pb2.GraphDef, *, holding: str = "") -> list[node_def_pb2.NodeDef]:
    """Nodes of the body and condition of every loop, and of all functions called from there.

    Args:
        graph: of a SavedModel.
        holding: an op; loops without it are left out.
    """
    bodies = {function.signature.name: function.node_def for function in graph.library.function}
    found: dict[str, list[node_def_pb2.NodeDef]] = {}
    for loop in (node for node in all_nodes(graph) if node.op in LOOPS):
        reached = _reached(functions_of(loop), bodies)
        if not holding or any(node.op == holding for nodes in reached.values() for node in nodes):
            found |= reached
    return [node for nodes in found.values() for node in nodes]


def nodes_before(graph: graph_pb2.GraphDef, tensors: Iterable[str]) -> list[node_def_pb2.NodeDef]:
    """The nodes that compute some tensors, those in functions left out."""
    nodes = {node.name: node for node in graph.node}
    waiting = [tensor.split(":")[0] for tensor in tensors]
    found: dict[str, node_def_pb2.NodeDef] = {}
    while waiting:
        name = waiting.pop()
        if name in nodes and name not in found:
            found[name] = nodes[name]
            waiting += [tensor.lstrip("^").split(":")[0] for tensor in nodes[name].input]
    return list(found.values())


def functions_before(graph: graph_pb2.GraphDef, tensors: Iterable[str]) -> dict[str, Sequence[node_def_pb2.NodeDef]]:
    """The functions that computing some tensors calls, with their nodes, by name; "" has the nodes outside of them."""
    bodies = {function.signature.name: function.node_def for function in graph.library.function}
    outside = nodes_before(graph, tensors)
    called = [name for node in outside for name in functions_of(node)]
    return {"": outside, **_reached(called, bodies)}


def functions_reached(graph: graph_pb2.GraphDef, name: str) -> dict[str, list[node_def_pb2.NodeDef]]:
    """The nodes of a function and of all that it calls, by function."""
    return _reached([name], {function.signature.name: function.node_def for function in graph.library.function})


def _reached(
    names: Iterable[str], bodies: Mapping[str, Iterable[node_def_pb2.NodeDef]]
) -> dict[str, list[node_def_pb2.NodeDef]]:
    """The nodes of functions and of all that they call, by function."""
    waiting = list(names)
    seen: dict[str, list[node_def_pb2.NodeDef]] = {}
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen[name] = list(bodies.get(name, ()))  # a damaged graph may call what it does not hold
            waiting += [inner for node in seen[name] for inner in functions_of(node)]
    return seen
