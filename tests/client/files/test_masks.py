"""Masks are read as people paint them: flat colours, palettes, shades of grey, transparency."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nst_client.errors import PictureError
from nst_client.files.masks import BLACK, WHITE, note_other_size, read_mask, read_soft_mask

RED, BLUE = (255, 0, 0), (0, 0, 255)


@pytest.fixture
def saved(tmp_path: Path):
    """Saves pixels and returns the file."""

    def save(pixels: np.ndarray | Image.Image, name: str = "mask.png", **options) -> Path:
        image = Image.fromarray(pixels) if isinstance(pixels, np.ndarray) else pixels
        image.save(tmp_path / name, **options)
        return tmp_path / name

    return save


def halves(left, right, width: int = 8) -> np.ndarray:
    """uint8[4, width, channels], or uint8[4, width] of levels."""
    row = [left] * (width // 2) + [right] * (width // 2)
    return np.asarray([row] * 4, np.uint8)


RAMP = np.tile(np.arange(0, 255, 5, dtype=np.uint8), (4, 1))  # 51 levels


def test_flat_colours_are_regions_from_light_to_dark(saved):
    three = np.concatenate([halves(BLUE, WHITE), halves(BLACK, RED)], axis=1)
    mask = read_mask(saved(three))
    assert (mask.colours, mask.is_soft) == ((WHITE, RED, BLUE, BLACK), False)
    assert np.array_equal(mask.belonging(RED), 255 * (three == RED).all(axis=-1))
    assert not mask.belonging((1, 2, 3)).any()


@pytest.mark.parametrize(
    "image",
    [
        Image.fromarray(halves(255, 0)),
        Image.fromarray(halves(255, 0)).convert("1"),
        Image.fromarray(halves(WHITE, BLACK)).quantize(2),
        Image.fromarray(np.asarray(halves(255, 0), np.uint16) * 257),
        Image.fromarray(halves((*WHITE, 255), (*BLACK, 255))),
    ],
    ids=["grey", "bits", "palette", "16 bits", "opaque alpha"],
)
def test_black_and_white_are_two_regions_in_every_mode(saved, image: Image.Image):
    mask = read_mask(saved(image))
    assert (mask.colours, mask.is_soft) == ((WHITE, BLACK), False)
    assert np.array_equal(mask.belonging(WHITE), halves(255, 0))
    assert np.array_equal(mask.belonging(BLACK), halves(0, 255))


def test_more_than_16_levels_of_grey_are_a_soft_mask_of_two_regions(saved):
    mask = read_mask(saved(RAMP))
    assert (mask.colours, mask.is_soft) == ((WHITE, BLACK), True)
    assert np.array_equal(mask.belonging(WHITE), RAMP)
    assert np.array_equal(mask.belonging(BLACK), 255 - RAMP)
    assert not mask.belonging(RED).any()


def test_16_colours_are_flat_and_17_that_are_not_all_grey_are_refused(saved):
    colours = np.asarray([[(200, 10 * number, 0) for number in range(17)]], np.uint8)
    assert len(read_mask(saved(colours[:, :16])).colours) == 16
    file = saved(colours)
    with pytest.raises(PictureError) as raised:
        read_mask(file)
    assert str(raised.value) == f"{file} has more than 16 colours, and each flat colour of a mask is a region."


def test_a_mask_that_is_partly_transparent_is_soft_and_its_colours_do_not_count(saved):
    alpha = halves((10, 200, 30, 255), (200, 10, 30, 64))
    palette = Image.fromarray(halves(1, 0)).convert("P")
    for file, levels in ((saved(alpha), halves(255, 64)), (saved(palette, "p.png", transparency=0), halves(255, 0))):
        mask = read_mask(file)
        assert mask.is_soft
        assert np.array_equal(mask.belonging(WHITE), levels)


def test_a_soft_mask_is_read_of_two_flat_colours_or_of_transparency(saved):
    assert np.array_equal(read_soft_mask(saved(halves(200, 0))).places, halves(200, 0))
    assert np.array_equal(read_soft_mask(saved(halves((9, 9, 9, 255), (9, 9, 9, 0)))).places, halves(255, 0))
    assert np.array_equal(read_soft_mask(saved(halves(RED, BLACK))).places, halves(76, 0))  # BT.601's luma


def test_a_photo_that_was_turned_has_its_mask_turned_too(saved):
    exif = Image.Exif()
    exif[0x0112] = 6
    mask = read_mask(saved(halves(255, 0), exif=exif))
    assert np.array_equal(mask.belonging(WHITE), np.rot90(halves(255, 0), -1))


def test_flat_colours_are_scaled_without_new_ones_and_soft_ones_smoothly(saved):
    three = np.concatenate([halves(WHITE, RED), halves(BLACK, WHITE)], axis=1)
    mask = read_mask(saved(three)).scaled(7, 9)
    levels = np.stack([mask.belonging(colour) for colour in mask.colours])
    assert set(np.unique(levels)) == {0, 255}
    assert (levels.sum(axis=0, dtype=int) == 255).all()
    soft = read_soft_mask(saved(halves(255, 0))).scaled(8, 16).places
    assert (soft[:, 0] == 255).all()
    assert (soft[:, -1] == 0).all()
    assert (np.diff(soft.astype(int), axis=1) <= 0).all()
    assert len(np.unique(soft)) > 2


def test_what_was_left_out_stays_left_out_at_every_size(saved):
    """A filter that overshoots would put a little of the region there."""
    soft = read_soft_mask(saved(halves(255, 0, 80))).scaled(3, 33).places
    assert not soft[:, 20:].any()
    assert (soft[:, :13] == 255).all()


def test_a_mask_of_another_size_is_noted_with_what_becomes_of_it(saved):
    mask = read_mask(saved(halves(255, 0)))
    note_other_size(mask, Path("a.jpg"), (8, 4))
    with pytest.warns(
        UserWarning, match=r"mask\.png is 8 x 4 pixels, and a\.jpg 400 x 200: the mask is scaled to it\.$"
    ):
        note_other_size(mask, Path("a.jpg"), (400, 200))
    with pytest.warns(UserWarning, match=r"a\.jpg 300 x 200: the mask is stretched to its proportions\.$"):
        note_other_size(mask, Path("a.jpg"), (300, 200))
