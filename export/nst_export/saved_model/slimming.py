"""A graph without what no output needs: less to read, copy and optimise in every load and every first call.

TensorFlow traces each constant as often as Python names it, and gradients for weights that nobody asks for.
"""

from __future__ import annotations

from pathlib import Path

from nst_export.saved_model.graph_file import read_saved_model
from nst_export.saved_model.messages import function_pb2, node_def_pb2
from nst_export.saved_model.version_folder import GRAPH_FILE

COLOCATION, PLACE = "_class", "loc:@"  # an attribute, and what stands before a node's name in it


def slim(version_dir: Path) -> None:
    """Writes saved_model.pb anew, with functions that do the same in fewer nodes."""
    model = read_saved_model(version_dir)
    for graph in model.meta_graphs:
        for function in graph.graph_def.library.function:
            _share_constants(function)
            _drop_unreached(function)
    (version_dir / GRAPH_FILE).write_bytes(model.SerializeToString(deterministic=True))


def _share_constants(function: function_pb2.FunctionDef) -> None:
    """Every reader of a constant reads the first one that is equal. The others stay, and nobody reads them."""
    first: dict[bytes, str] = {}
    stand_ins = {
        node.name: first.setdefault(_value(node), node.name)
        for node in function.node_def
        if node.op == "Const" and not node.input
    }
    for node in function.node_def:
        node.input[:] = [_renamed(name, stand_ins) for name in node.input]
    for output, source in function.ret.items():
        function.ret[output] = _renamed(source, stand_ins)


def _drop_unreached(function: function_pb2.FunctionDef) -> None:
    """Removes each node that neither an output nor a side effect needs; those are listed as `control_ret`."""
    nodes = {node.name: node for node in function.node_def}
    reached: set[str] = set()
    ahead = [_node(source) for source in function.ret.values()] + list(function.control_ret.values())
    while ahead:
        name = ahead.pop()
        if name in nodes and name not in reached:  # what is no node is an argument
            reached.add(name)
            ahead += [_node(source) for source in nodes[name].input]
    for index in reversed(range(len(function.node_def))):
        if function.node_def[index].name not in reached:
            del function.node_def[index]
    for node in function.node_def:
        _stay_with(node, reached)


def _stay_with(node: node_def_pb2.NodeDef, nodes: set[str]) -> None:
    """Forgets that a node was to be on the device of one that is gone."""
    if COLOCATION in node.attr:
        places = node.attr[COLOCATION].list
        places.s[:] = [place for place in places.s if place.decode().removeprefix(PLACE) in nodes]
        if not places.s:
            del node.attr[COLOCATION]


def _value(node: node_def_pb2.NodeDef) -> bytes:
    nameless = node_def_pb2.NodeDef.FromString(node.SerializeToString())
    nameless.ClearField("name")
    nameless.ClearField("experimental_debug_info")
    nameless.attr.pop(COLOCATION, None)
    value: bytes = nameless.SerializeToString(deterministic=True)
    return value


def _renamed(source: str, names: dict[str, str]) -> str:
    """An input of a node, `node:output:number` or `^node`, under the node's new name."""
    control, name = source[: source.startswith("^")], _node(source)
    return control + names.get(name, name) + source[len(control) + len(name) :]


def _node(source: str) -> str:
    return source.removeprefix("^").split(":", 1)[0]
