"""The client's table of options: what a row says, and what becomes of the values that people and programs give."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

import numpy as np
import pytest
from typing_extensions import TypedDict

from nst_client.contract import INPUTS, OPTIONS
from nst_client.option import Option, Pixels, options_of


class Table(TypedDict, total=False):
    share: Annotated[float, Option("A share.", 0, 1)]
    rate: Annotated[float, Option("A rate.", 0, 8, exclusive_minimum=True, unit="pixel levels")]
    seed: Annotated[int, Option("A seed.")]
    colour: Annotated[str, Option("A colour.")]
    blend: Annotated[list[float], Option("A blend.")]
    sizes: Annotated[list[int], Option("Sizes.")]
    words: Annotated[list[str], Option("Words.")]
    masks: Annotated[list[Pixels], Option("Masks.", 0, 255, shape="n,H,W")]


ROWS = options_of(Table)


def test_a_field_and_its_row_are_one():
    assert {name: (row.name, row.dtype, row.is_list) for name, row in ROWS.items()} == {
        "share": ("share", "float32", False),
        "rate": ("rate", "float32", False),
        "seed": ("seed", "int32", False),
        "colour": ("colour", "string", False),
        "blend": ("blend", "float32", True),
        "sizes": ("sizes", "int32", True),
        "words": ("words", "string", True),
        "masks": ("masks", "uint8", True),
    }


def test_an_input_has_a_letter_for_each_axis():
    axes = {"share": "", "sizes": "n", "masks": "n,H,W"}
    assert {name: ROWS[name].axes for name in axes} == axes


def test_what_is_taken_without_an_option_is_told():
    told = {
        "seed": "0",
        "preset": "the model's first",
        "blend": "the same of each",
        "strength": "none",
        "init": "the preset's",
    }
    assert {name: INPUTS[name].default_in_words for name in told} == told


def test_what_the_client_makes_of_several_styles_nobody_gives_by_name():
    assert INPUTS.keys() - OPTIONS.keys() == {"more_styles", "more_style_sizes", "more_style_bytes"}


def test_a_range_is_told_in_words_with_its_unit():
    assert ROWS["share"].range == "from 0 to 1"
    assert ROWS["rate"].range == "above 0 and up to 8 pixel levels"
    assert ROWS["seed"].range == ""


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("share", 1, 1.0),
        ("share", np.float32(0.5), 0.5),
        ("share", np.asarray(0.25), 0.25),
        ("share", Fraction(1, 4), 0.25),
        ("seed", np.int64(7), 7),
        ("colour", "luminance", "luminance"),
        ("blend", (1, 0.5), [1.0, 0.5]),
        ("blend", np.asarray([1, 2], np.uint8), [1.0, 2.0]),
        ("sizes", [], []),
        ("words", ["a b", "c"], ["a b", "c"]),
    ],
)
def test_a_value_gets_the_type_of_its_row(name: str, value, expected):
    checked = ROWS[name].checked(value)
    assert checked == expected
    kinds = {type(element) for element in checked} if isinstance(checked, list) else {type(checked)}
    assert kinds <= {float, int, str}


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("share", "0.5", "must be a finite number, got '0.5'"),
        ("share", b"1", "must be a finite number, got b'1'"),
        ("share", float("-inf"), "must be a finite number, got -inf"),
        ("share", None, "must be a finite number, got None"),
        ("share", True, "must be a finite number, got True"),
        ("share", 1j, "must be a finite number, got 1j"),
        ("seed", 2.0, "must be a whole number of 32 bits, got 2.0"),
        ("seed", False, "must be a whole number of 32 bits, got False"),
        ("seed", 2**31, "must be a whole number of 32 bits, got 2147483648"),
        ("colour", 3, "must be a text, got 3"),
        ("blend", 0.5, "must be a list of finite numbers, got 0.5"),
        ("blend", [0.5, float("nan")], "must be a list of finite numbers, got [0.5, nan]"),
        ("sizes", "12", "must be a list of whole numbers of 32 bits, got '12'"),
        ("words", "abc", "must be a list of texts, got 'abc'"),
    ],
)
def test_what_is_no_value_is_told_with_the_rule(name: str, value, rule: str):
    with pytest.raises(ValueError) as raised:  # noqa: PT011  (its whole text is compared)
        ROWS[name].checked(value)
    assert str(raised.value) == rule


def test_a_number_beyond_every_float_is_told():
    with pytest.raises(ValueError, match="must be a finite number, got 1000"):
        ROWS["share"].checked(10**400)


@pytest.mark.parametrize(
    ("name", "text", "decimal_comma", "expected"),
    [
        ("share", "1e-3", False, 0.001),
        ("share", "0,5", True, 0.5),
        ("seed", " 12", False, 12),
        ("colour", "a,b_c", True, "a,b_c"),
        ("blend", "0.7,0.3", False, [0.7, 0.3]),
        ("blend", "0,7 0,3", True, [0.7, 0.3]),
        ("sizes", "64, 128", False, [64, 128]),
    ],
)
def test_a_value_is_read_as_a_person_writes_it(name: str, text: str, decimal_comma: bool, expected):
    assert ROWS[name].parsed(text, decimal_comma=decimal_comma) == expected


@pytest.mark.parametrize(
    ("name", "text"),
    [("share", "0,5"), ("share", "1_0"), ("share", "nan"), ("seed", "1.5"), ("seed", "1" * 5000), ("sizes", "64;128")],
)
def test_a_text_that_is_no_value_is_told_as_it_was_written(name: str, text: str):
    with pytest.raises(ValueError, match=f"got '{text}'$"):
        ROWS[name].parsed(text)


def test_a_value_is_shown_as_short_as_it_can_be():
    shown = [ROWS[name].shown(value) for name, value in (("share", 0.5), ("seed", 1234567), ("blend", [1.0, 0.25]))]
    assert shown == ["0.5", "1234567", "1,0.25"]


def test_every_option_has_a_meaning_that_is_a_sentence():
    for option in OPTIONS.values():
        assert option.meaning[:1].isupper(), option
        assert option.meaning.endswith("."), option
