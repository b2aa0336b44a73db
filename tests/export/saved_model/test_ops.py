"""Walking the graph, and what of the package works without TensorFlow's runtime."""

from __future__ import annotations

import pytest

from nst_export.saved_model.ops import LOOPS, all_nodes, functions_of, nodes_in_loops, read_graph

WITHOUT_RUNTIME = """
import sys
from pathlib import Path
from nst_export.saved_model import model_card, new_version, ops, version_folder
folder = version_folder.versions_in(Path(sys.argv[1]))[1]
print(model_card.read_card(folder).name, len(ops.all_nodes(ops.read_graph(folder))))
loaded = {"tensorflow", "numpy", "keras"} & set(sys.modules)
assert not loaded, loaded
"""


@pytest.fixture(scope="module")
def graph(tiny_model_dir):
    return read_graph(tiny_model_dir / "1")


def test_the_walk_reaches_functions_and_loops(graph):
    everything, looped = all_nodes(graph), nodes_in_loops(graph)
    assert len(graph.node) < len(everything)
    assert sum(node.op in LOOPS for node in everything) > 1
    assert {"Conv2D", "Conv2DBackpropInput"} <= {node.op for node in looped}
    assert "EncodePng" in {node.op for node in everything} - {node.op for node in looped}


def test_a_loop_names_its_body_and_its_condition(graph):
    names = {function.signature.name for function in graph.library.function}
    for loop in (node for node in all_nodes(graph) if node.op in LOOPS):
        assert len(set(functions_of(loop))) == 2
        assert set(functions_of(loop)) <= names


def test_names_card_and_graph_are_read_without_tensorflows_runtime(run_python, tiny_model_dir, graph):
    finished = run_python("-c", WITHOUT_RUNTIME, tiny_model_dir)
    assert (finished.stderr, finished.returncode) == ("", 0)
    assert finished.stdout == f"tiny {len(all_nodes(graph))}\n"
