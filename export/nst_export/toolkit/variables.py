"""The variables of a version by the names that the graph gives them."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from pathlib import Path

from nst_export.saved_model.messages import meta_graph_pb2
from nst_export.saved_model.variables_index import INDEX_FILE, OBJECT_GRAPH, VariablesIndex, read_variables_index
from nst_export.toolkit.report import Variable

MOST_FAULTS = 10  # that are told one by one
VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"  # ends the key of a variable that an object holds


def stored_variables(version_dir: Path, graph: meta_graph_pb2.MetaGraphDef) -> tuple[list[Variable], list[str]]:
    """The variables on disk in the order of their keys, and what is wrong with their files, in sentences.

    Raises:
        SavedModelError: the table of variables is damaged.
    """
    if not (version_dir / INDEX_FILE).is_file():
        return [], [f"{INDEX_FILE} is missing, and the graph has variables."] if wants_variables(graph) else []
    index = read_variables_index(version_dir)
    names = _names(graph, {entry.key for entry in index.entries})
    rows = [
        Variable(names.get(entry.key, entry.key.removesuffix(VALUE)), entry.key, *entry[1:])
        for entry in index.entries
        if entry.key != OBJECT_GRAPH
    ]
    return sorted(rows, key=lambda row: _in_order(row.key)), _faults(version_dir, index)


def wants_variables(graph: meta_graph_pb2.MetaGraphDef) -> bool:
    """Whether a graph has variables, which are then restored from files."""
    return any(node.op in {"VarHandleOp", "VariableV2", "Variable"} for node in graph.graph_def.node)


def _faults(version_dir: Path, index: VariablesIndex) -> list[str]:
    faults = []
    for shard, path in enumerate(index.shard_files):
        file = version_dir / path
        if not file.is_file():
            faults.append(f"{path} is missing.")
        elif file.stat().st_size < index.bytes_in[shard]:
            faults.append(f"{path} has {file.stat().st_size:,} bytes, and its variables {index.bytes_in[shard]:,}.")
    rest = faults[MOST_FAULTS:]
    return faults[:MOST_FAULTS] + ([f"{len(rest):,} more of such files are missing or cut off."] if rest else [])


def _names(graph: meta_graph_pb2.MetaGraphDef, keys: Collection[str]) -> dict[str, str]:
    """Names of variables by their keys: the shortest way to an object is its key (trackable_view.py)."""
    nodes, longest = graph.object_graph_def.nodes, max(map(len, keys), default=0)
    names, seen, waiting = {}, {0}, deque([(0, "")] if nodes else [])
    while waiting:
        number, way = waiting.popleft()
        node = nodes[number]
        if way + VALUE in keys and node.WhichOneof("kind") == "variable":
            names[way + VALUE] = node.variable.name
        for child in node.children:
            if child.node_id in range(len(nodes)) and child.node_id not in seen and len(way) < longest:
                seen.add(child.node_id)
                step = child.local_name.replace(".", "..").replace("/", ".S")
                waiting.append((child.node_id, f"{way}/{step}" if way else step))
    return names


def _in_order(key: str) -> list[tuple[int, str]]:
    """As a person counts: 2 before 10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in key.split("/")]
