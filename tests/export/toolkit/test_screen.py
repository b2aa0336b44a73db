"""The report as a person reads it."""

from __future__ import annotations

import pytest

from nst_export.saved_model.tensor_values import Shape
from nst_export.toolkit.inspection import inspected
from nst_export.toolkit.report import Input
from nst_export.toolkit.screen import screen
from nst_export.toolkit.words import bytes_in_words, tensor_in_words, value_in_words
from nst_graph.options import options_for


@pytest.mark.parametrize("width", [40, 80, 200])
def test_no_line_is_wider_than_asked_for(tiny_model_dir, width):
    lines = screen(inspected(tiny_model_dir / "1"), width=width, colour=False).splitlines()
    assert max(map(len, lines)) <= width
    assert not any(line.endswith(" ") for line in lines)


def test_options_that_several_signatures_have_are_shown_once(tiny_model_dir):
    """Once for those that read pixels, and once for those that read files."""
    text = screen(inspected(tiny_model_dir / "1"), width=200, colour=False)
    assert text.count("style_layer_weights") == 2
    pixels, files = (len(options_for(reads)) for reads in ("pixels", "files"))
    assert pixels != files
    assert text.count(f"and {pixels} options") == text.count(f"and {files} options") == 3
    assert f"the {pixels} options of serving_default, stylize_start, stylize_step" in text
    assert f"the {files} options of stylize_encoded_options, stylize_encoded_start, stylize_encoded_step" in text


def test_every_op_and_file_is_named(tiny_model_dir):
    report = inspected(tiny_model_dir / "1")
    text = screen(report, width=120, colour=False)
    assert all(f"{row.op} " in text for row in report.ops)
    assert all(file.sha256 in text for file in report.files)


def test_problems_stand_before_all_else_but_the_summary(tiny_model_dir):
    report = inspected(tiny_model_dir / "1")._replace(problems=["Something is missing."])
    lines = screen(report, width=120, colour=False).splitlines()
    assert lines.index("  Something is missing.") < lines.index("Signatures")


def test_colours_are_for_terminals(tiny_model_dir):
    report = inspected(tiny_model_dir / "1")
    assert "\x1b[" in screen(report, width=120, colour=True)
    assert "\x1b[" not in screen(report, width=120, colour=False)


@pytest.mark.parametrize("maker", ["no_signatures", "keras_functional", "sharded_variables"])
def test_models_of_others_have_their_screen(model_of, maker):
    text = screen(inspected(model_of(maker) / "1"), width=120, colour=False)
    assert text.startswith(f"{maker} version 1\n")
    assert ("none: a server can call nothing" in text) == (maker != "keras_functional")


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 KB"), (61_223_182, "61.2 MB"), (3e15, "3,000.0 TB")],
)
def test_sizes_have_three_digits_or_so(size, words):
    assert bytes_in_words(size) == words


def test_types_and_values_are_those_of_the_documents():
    def one(shape: Shape) -> Input:
        return Input("x", "uint8", shape, True, None, "", "x:0")

    assert [tensor_in_words(one(shape)) for shape in [(None, None, 3), (), None]] == [
        "uint8[?,?,3]",
        "uint8[]",
        "uint8[...]",
    ]
    assert [value_in_words(value) for value in ["", 0.1, 3, (1, 2), (), None]] == [
        '""', "0.1", "3", "[1, 2]", "[]", "(not shown)",
    ]  # fmt: skip
