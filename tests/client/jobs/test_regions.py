"""Which style goes where, by every kind of masks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nst_client.errors import RequestRefused
from nst_client.files.masks import BLACK, WHITE, Mask
from nst_client.jobs.regions import Region, check_mask_counts, regions_of

RED, GREY = (255, 0, 0), (128, 128, 128)
SIDES = (2, 4)


def flat(*colours: tuple[int, int, int]) -> Mask:
    """A mask whose columns have these colours, which are named light to dark, alike many of each."""
    known = tuple(colour for colour in (WHITE, GREY, RED, BLACK) if colour in colours)
    places = np.asarray([[known.index(colour) for colour in colours]] * SIDES[0], np.uint8)
    return Mask(Path("m.png"), places, known, is_soft=False)


def soft(*levels: int, name: str = "m.png") -> Mask:
    return Mask(Path(name), np.asarray([levels] * SIDES[0], np.uint8), (WHITE, BLACK), is_soft=True)


def of(masks, styles: int, style_masks=(), *, blended: bool = False):
    return regions_of(masks, style_masks, SIDES, [SIDES] * styles, blended=blended)


def columns(levels) -> list[list[int]]:
    """Of each region, the level of each column."""
    assert levels.shape[0] == SIDES[0]
    return levels[0].T.tolist()


def refused(*arguments, **options) -> str:
    with pytest.raises(RequestRefused) as raised:
        of(*arguments, **options)
    assert raised.value.remedy.endswith(".")
    return str(raised.value)


def test_as_many_colours_as_styles_go_to_them_light_to_dark():
    made = of([flat(BLACK, WHITE, WHITE, RED)], 3)
    assert columns(made.inputs["content_mask"]) == [[0, 255, 255, 0], [0, 0, 0, 255], [255, 0, 0, 0]]
    assert made.regions == (
        Region("white", WHITE, 0.5, (0,)),
        Region("#ff0000", RED, 0.25, (1,)),
        Region("black", BLACK, 0.25, (2,)),
    )
    assert "style_masks" not in made.inputs


def test_of_one_colour_more_than_styles_the_darkest_keeps_the_content():
    made = of([flat(BLACK, WHITE, WHITE, RED)], 2)
    assert columns(made.inputs["content_mask"]) == [[0, 255, 255, 0], [0, 0, 0, 255]]
    assert made.regions[-1] == Region("black", BLACK, 0.25, ())
    assert columns(of([flat(WHITE, GREY, GREY, GREY)], 1).inputs["content_mask"]) == [[255, 0, 0, 0]]


@pytest.mark.parametrize(
    ("styles", "blended", "words"),
    [
        (1, False, "mask: m.png has 3 colours for 1 style."),
        (4, False, "mask: m.png has 3 colours for 4 styles."),
        (2, True, "mask: m.png has 3 colours for all styles blended."),
    ],
)
def test_another_number_of_colours_is_refused_with_both_counts(styles: int, blended: bool, words: str):
    assert refused([flat(BLACK, WHITE, WHITE, RED)], styles, blended=blended) == words


def test_a_soft_mask_is_one_style_and_the_content_or_two_styles():
    levels, rest = [255, 200, 55, 0], [0, 55, 200, 255]
    one, two = of([soft(*levels)], 1), of([soft(*levels)], 2)
    assert columns(one.inputs["content_mask"]) == [levels]
    assert columns(two.inputs["content_mask"]) == [levels, rest]
    assert [region.styles for region in (*one.regions, *two.regions)] == [(0,), (), (0,), (1,)]
    assert one.regions[0].share == 0.5
    words = "mask: m.png is soft, which makes two regions, white and black, and there are 3 styles."
    assert refused([soft(*levels)], 3) == words


def test_styles_with_a_blend_are_painted_together():
    made = of([soft(255, 200, 55, 0)], 3, blended=True)
    assert columns(made.inputs["content_mask"]) == [[255, 200, 55, 0]]
    assert [region.styles for region in made.regions] == [(0, 1, 2), ()]


def test_a_mask_for_each_style_is_what_is_white_in_it():
    made = of([soft(255, 128, 0, 0), soft(0, 127, 255, 0, name="n.png")], 2)
    assert columns(made.inputs["content_mask"]) == [[255, 128, 0, 0], [0, 127, 255, 0]]
    assert [(region.name, region.styles) for region in made.regions] == [
        ("m.png", (0,)),
        ("n.png", (1,)),
        ("the rest", ()),
    ]
    assert made.regions[-1].share == 0.25
    assert len(of([soft(255, 255, 255, 0), soft(0, 0, 255, 255)], 2).regions) == 2  # they cover all


def test_a_colour_takes_what_has_the_same_one_in_the_styles_and_keeps_the_content_where_none_has():
    content, first, second = flat(WHITE, GREY, RED, BLACK), flat(RED, WHITE, RED, RED), flat(RED, BLACK, BLACK, BLACK)
    made = of([content], 2, [first, second])
    assert [(region.name, region.styles) for region in made.regions] == [
        ("white", (0,)),
        ("#808080", ()),
        ("#ff0000", (0, 1)),
        ("black", (1,)),
    ]
    assert columns(made.inputs["content_mask"]) == [[255, 0, 0, 0], [0, 0, 255, 0], [0, 0, 0, 255]]
    ours, theirs = made.inputs["style_masks"]
    assert columns(ours) == [[0, 255, 0, 0], [255, 0, 255, 255], [0, 0, 0, 0]]
    assert columns(theirs) == [[0, 0, 0, 0], [255, 0, 0, 0], [0, 255, 255, 255]]


def test_soft_masks_correspond_by_white_and_black_to_others_and_to_flat_ones():
    made = of([flat(WHITE, WHITE, BLACK, BLACK)], 1, [soft(255, 200, 55, 0)])
    assert columns(made.inputs["style_masks"][0]) == [[255, 200, 55, 0], [0, 55, 200, 255]]


def test_each_style_mask_has_its_styles_size():
    made = regions_of([flat(WHITE, WHITE, BLACK, BLACK)], [flat(WHITE, BLACK, WHITE, BLACK)], (6, 8), [(10, 12)])
    assert made.inputs["content_mask"].shape == (6, 8, 2)
    assert made.inputs["style_masks"][0].shape == (10, 12, 2)


def test_colours_that_no_style_mask_has_are_told_with_theirs():
    words = "mask: m.png has white, black, and no style mask does: they have #808080, #ff0000."
    assert refused([flat(WHITE, WHITE, BLACK, BLACK)], 1, [flat(RED, RED, GREY, GREY)]) == words


@pytest.mark.parametrize(
    ("masks", "styles", "words"),
    [
        ([flat(*[BLACK] * 4)], 1, "mask: m.png is all black: nothing would be painted."),
        ([soft(0, 0, 0, 0)], 1, "mask: m.png leaves nothing to paint at this size."),
        (
            [soft(9, 9, 9, 9), soft(0, 0, 0, 0)],
            2,
            "mask_2: m.png is all black or transparent: nothing would be painted.",
        ),
    ],
)
def test_a_mask_in_which_nothing_is_painted_is_refused(masks, styles: int, words: str):
    assert refused(masks, styles) == words


def test_one_colour_that_is_not_black_paints_all():
    assert columns(of([flat(*[RED] * 4)], 1).inputs["content_mask"]) == [[255] * 4]


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ((3, 0, 2), "mask: must be one, or one for each of the styles, which are 2, got 3."),
        ((2, 2, 2), "mask: must be one where there are style masks, got 2."),
        ((0, 1, 1), "style_mask: must come with a mask of the content."),
        ((1, 1, 2), "style_mask: must be one for each of the styles, which are 2, got 1."),
    ],
)
def test_files_that_are_too_many_or_too_few_are_refused_before_they_are_read(counts: tuple[int, int, int], words: str):
    with pytest.raises(RequestRefused) as raised:
        check_mask_counts(*counts)
    assert str(raised.value) == words


@pytest.mark.parametrize("counts", [(0, 0, 1), (1, 0, 1), (1, 0, 5), (3, 0, 3), (1, 3, 3)])
def test_files_of_a_right_number_are_taken(counts: tuple[int, int, int]):
    check_mask_counts(*counts)
