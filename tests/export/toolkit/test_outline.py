"""The outline of a graph, and its drawings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

import pytest

from nst_export.errors import SavedModelError
from nst_export.saved_model.messages import meta_graph_pb2
from nst_export.toolkit.drawing import mermaid, svg, write_drawing
from nst_export.toolkit.outline import Part, outline, outline_of

PARTS = [
    Part("first", "signature", 3, "Mul 2", (Part('a "loop" <&>', "loop", 20, "", (Part("f", "again", 9, "", ()),)),)),
    Part("second", "signature", 1, "", ()),
]


def every(parts) -> Iterator[Part]:
    for part in parts:
        yield part
        yield from every(part.parts)


@pytest.fixture(scope="module")
def ours(tiny_model_dir):
    return outline_of(tiny_model_dir / "1")


def test_there_is_a_part_for_each_signature(ours):
    assert {part.kind for part in ours} == {"signature"}
    assert [part.title for part in ours] == sorted(part.title for part in ours)
    assert "serving_default" in [part.title for part in ours]


def test_the_loop_of_a_run_is_drawn_once_with_its_convolutions(ours):
    loops = [part for part in every(ours) if part.kind == "loop"]
    for op in ("Conv2D 14", "Conv2DBackpropInput 14"):  # a pass forward, and the one back that not each visit makes
        assert [op in part.ops.split(", ") for part in every(loops)].count(True) == 1


def test_what_was_drawn_is_only_named_again(ours):
    advance = [part for part in every(ours) if part.title == "advance"]
    assert [part.kind for part in advance].count("function") == 1
    assert {part.kind for part in advance} == {"function", "again"}
    assert all(not part.parts for part in advance if part.kind == "again")


def test_a_graph_without_functions_is_drawn_too(model_of):
    (part,) = outline_of(model_of("session_of_old") / "1")
    assert (part.title, part.ops) == ("predict", "MatMul 1")


def test_functions_that_call_themselves_have_an_end():
    graph = meta_graph_pb2.MetaGraphDef()
    graph.signature_def["s"].outputs["y"].name = "call:0"
    node = graph.graph_def.node.add(name="call", op="PartitionedCall", input=["call:0", "^call", "nowhere"])
    node.attr["f"].func.name = "f"
    function = graph.graph_def.library.function.add()
    function.signature.name = "f"
    function.node_def.extend([node] * 3)
    function.node_def[1].attr["f"].func.name = "absent"
    (part,) = outline(graph)
    assert [(one.title, one.kind) for one in every([part])] == [("s", "signature"), ("f", "again")]


def test_mermaid_has_a_box_for_each_part_and_an_arrow_to_each_below():
    lines = mermaid('a "title"', PARTS).splitlines()
    assert lines[:4] == ["---", "title: a #quot;title#quot;", "---", "flowchart LR"]
    assert '  n1{{"a #quot;loop#quot; #lt;&>: 20 ops"}}:::loop' in lines
    assert [line.strip() for line in lines if "-->" in line] == ["n0 --> n1", "n1 --> n2"]


def test_svg_is_well_formed_and_has_a_row_for_each_part():
    drawing = ET.fromstring(svg("a <title>", PARTS))  # noqa: S314  (our own)
    texts = ["".join(text.itertext()) for text in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == ["a <title>", "first3 ops, Mul 2", 'a "loop" <&>20 ops', "fsee above", "second1 op"]
    assert float(drawing.get("height")) == 2 * 12 + 22 * 5


def test_the_suffix_chooses_the_format(tmp_path):
    write_drawing(tmp_path / "a.svg", "t", PARTS)
    write_drawing(tmp_path / "a.MMD", "t", PARTS)
    assert (tmp_path / "a.svg").read_text() == svg("t", PARTS)
    assert (tmp_path / "a.MMD").read_text() == mermaid("t", PARTS)


@pytest.mark.parametrize(
    ("name", "words"), [("a.png", "no drawing has this suffix"), ("no/a.svg", "cannot be written")]
)
def test_a_drawing_that_cannot_be_made_is_refused(tmp_path, name, words):
    with pytest.raises(SavedModelError, match=re.escape(words)):
        write_drawing(tmp_path / name, "t", PARTS)
