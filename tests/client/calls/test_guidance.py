"""Several styles and masks as they are sent, and what breaks a rule."""

from __future__ import annotations

import numpy as np
import pytest

from nst_client.calls.inputs import picture_inputs
from nst_client.errors import RequestRefused

CONTENT = np.zeros((32, 40, 3), np.uint8)


def flat(height: int, width: int, level: int) -> np.ndarray:
    return np.full((height, width, 3), level, np.uint8)


STYLES = [flat(33, 34, 1), flat(40, 32, 2), flat(32, 50, 3)]


def mask(height: int, width: int, regions: int, level: int = 255) -> np.ndarray:
    return np.full((height, width, regions), level, np.uint8)


MASK = mask(32, 40, 2)


def refused(style=CONTENT, **options) -> str:
    """The sentence of the refusal, which names the input."""
    with pytest.raises(RequestRefused) as raised:
        picture_inputs(CONTENT, style, options)
    assert str(raised.value).startswith(f"{raised.value.input}: ")
    assert raised.value.remedy.endswith(".")
    return str(raised.value)


def test_one_style_is_sent_as_before_alone_or_in_a_sequence():
    for style in (STYLES[0], [STYLES[0]], (STYLES[0],)):
        inputs = picture_inputs(CONTENT, style)
        assert inputs.keys() == {"content", "style"}
        assert inputs["style"] is STYLES[0]


def test_further_styles_are_padded_below_and_to_the_right_and_keep_their_sizes():
    inputs = picture_inputs(CONTENT, STYLES, {"blend": [1, 0.5, 0]})
    assert inputs["style"] is STYLES[0]
    more, sizes = inputs["more_styles"], inputs["more_style_sizes"]
    assert (more.shape, more.dtype) == ((2, 40, 50, 3), np.uint8)
    assert (sizes.tolist(), sizes.dtype) == ([[40, 32], [32, 50]], np.int32)
    assert np.array_equal(more[0, :40, :32], STYLES[1])
    assert np.array_equal(more[1, :32, :50], STYLES[2])
    assert more.sum(dtype=int) == STYLES[1].sum(dtype=int) + STYLES[2].sum(dtype=int)
    assert (inputs["blend"].tolist(), inputs["blend"].dtype) == ([1, 0.5, 0], np.float32)


def test_a_mask_of_one_region_needs_no_axis_for_it():
    inputs = picture_inputs(CONTENT, STYLES, {"content_mask": MASK[:, :, 0], "strength": MASK[:, :, 1]})
    assert inputs["content_mask"].shape == (32, 40, 1)
    assert inputs["strength"].shape == (32, 40)


def test_a_mask_for_each_style_is_padded_to_the_largest_style():
    masks = [mask(33, 34, 2, 5), mask(40, 32, 2, 6), mask(32, 50, 2, 7)]
    packed = picture_inputs(CONTENT, STYLES, {"content_mask": MASK, "style_masks": masks})["style_masks"]
    assert (packed.shape, packed.dtype) == ((3, 40, 50, 2), np.uint8)
    for place, one in zip(packed, masks, strict=True):
        height, width, _ = one.shape
        assert np.array_equal(place[:height, :width], one)
        assert place.sum(dtype=int) == one.sum(dtype=int)


def test_a_style_that_is_no_picture_is_named_by_its_number():
    words = "style_2: must be uint8 of shape (height, width, 3), got float64 of shape (32, 32)."
    assert refused([CONTENT, np.zeros((32, 32))]) == words
    assert refused([[1], [2, 3]]).startswith("style: must be uint8")


@pytest.mark.parametrize("count", [0, 17])
def test_there_are_1_to_16_styles(count: int):
    assert refused([CONTENT] * count) == f"style: must be 1 to 16 pictures, got {count}."


@pytest.mark.parametrize(
    ("blend", "rule"),
    [
        ([1, -1], "must be from 0 to 1e+12, got [1, -1]"),
        ([1, float("nan")], "must be a list of finite numbers, got [1, nan]"),
        ([0, 0], "must not be 0 for every style"),
        ([1], "must have a number for each of the styles, which are 2, got 1"),
        ([1, 2, 3], "must have a number for each of the styles, which are 2, got 3"),
    ],
)
def test_weights_of_styles_that_have_no_sense_are_refused(blend: list[float], rule: str):
    assert refused(STYLES[:2], blend=blend) == f"blend: {rule}."


def test_styles_with_regions_of_their_own_are_not_blended_and_those_in_one_region_are():
    words = "blend: must be left out where content_mask gives each style a region of its own."
    assert refused(STYLES[:2], blend=[1, 2], content_mask=MASK) == words
    assert "blend" in picture_inputs(CONTENT, STYLES[:2], {"blend": [1, 2], "content_mask": MASK[:, :, :1]})
    assert "blend" in picture_inputs(CONTENT, STYLES[:1], {"blend": [1], "content_mask": MASK[:, :, :1]})


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        (mask(40, 32, 1), "(32, 40) or (32, 40, regions), the size of the content, got uint8 of shape (40, 32, 1)."),
        (MASK.astype(bool), "(32, 40) or (32, 40, regions), the size of the content, got bool of shape (32, 40, 2)."),
        (np.zeros((32, 40, 0), np.uint8), "the size of the content, got uint8 of shape (32, 40, 0)."),
        (mask(32, 40, 2, 0), "must be above 0 somewhere: nothing would be painted."),
        (mask(32, 40, 17), "must have at most 16 regions, got 17."),
        (mask(32, 40, 3), "must have 1 region, or one for each of the 2 styles where there are no style_masks, got 3."),
    ],
)
def test_a_mask_of_another_size_or_number_of_regions_is_refused(given: np.ndarray, rule: str):
    words = refused(STYLES[:2], content_mask=given)
    assert words.startswith("content_mask: must ")
    assert words.endswith(rule)


@pytest.mark.parametrize(
    ("masks", "rule"),
    [
        ([mask(33, 34, 2)], "must be as many as there are styles, which are 2, got 1."),
        (
            [mask(33, 34, 2), mask(33, 34, 2)],
            "(40, 32, regions), the size of style number 2, got uint8 of shape (33, 34, 2).",
        ),
        ([mask(33, 34, 2), mask(40, 32, 3)], "must have 2 regions, as content_mask, got 3 in number 2."),
    ],
)
def test_masks_of_styles_that_do_not_fit_are_refused(masks: list[np.ndarray], rule: str):
    assert refused(STYLES[:2], content_mask=MASK, style_masks=masks).endswith(rule)


def test_masks_of_styles_need_one_of_the_content():
    assert refused(style_masks=[MASK]) == "style_masks: must come with a content_mask."


def test_a_map_of_strength_has_the_contents_size():
    rule = "strength: must be uint8 of shape (32, 40), the size of the content, got uint8 of shape (32, 40, 2)."
    assert refused(strength=MASK) == rule


def test_what_the_client_packs_itself_is_no_option():
    with pytest.raises(TypeError, match="unknown options: more_styles"):
        picture_inputs(CONTENT, CONTENT, {"more_styles": STYLES})
