"""Nothing in an export is newer than TensorFlow 2.19: ops and attributes, against that version's own list."""

from __future__ import annotations

from pathlib import Path

import pytest

from nst_export.saved_model.ops import all_nodes

pytestmark = pytest.mark.slow

OPS_FILE = Path(__file__).parent / "tensorflow-2.19.1-ops.txt"  # printed by list_ops.py


def known_ops() -> dict[str, set[str]]:
    """Names of the attributes of every op of TensorFlow 2.19.1."""
    title, *lines = OPS_FILE.read_text().splitlines()
    assert title == "# tensorflow 2.19.1"
    return {op: set(attributes) for op, *attributes in map(str.split, lines)}


def test_the_list_is_that_of_a_whole_tensorflow():
    ops = known_ops()
    assert len(ops) > 1500
    assert ops["Conv2D"] >= {"T", "strides", "padding", "data_format", "dilations", "explicit_paddings"}


def test_every_op_and_attribute_was_there_in_2_19(graph):
    """An attribute with its default value is not in the file: TensorFlow strips it when it writes."""
    ops = known_ops()
    for node in all_nodes(graph):
        assert node.op in ops
        attributes = {name for name in node.attr if not name.startswith("_")}
        assert attributes <= ops[node.op], node.op
