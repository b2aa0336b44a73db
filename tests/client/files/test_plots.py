"""The strip and the loss curve show what they are given."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nst_client.errors import FileError
from nst_client.files.pictures import read_picture
from nst_client.files.plots import GAP, lowest_shown, write_loss_plot, write_strip

COLOURS = [(200, 10, 20), (10, 200, 20), (10, 20, 200)]
CURVES = [(31, 119, 180), (255, 127, 14), (44, 160, 44), (214, 39, 40)]  # matplotlib's tab:blue, orange, green, red


def plain(height: int, width: int, colour: tuple[int, int, int]) -> np.ndarray:
    return np.full((height, width, 3), colour, np.uint8)


def test_a_strip_has_its_pictures_side_by_side_at_the_height_of_the_first(tmp_path: Path):
    sizes = [(40, 50), (20, 10), (80, 60)]
    write_strip(tmp_path / "strip.png", [plain(*size, colour) for size, colour in zip(sizes, COLOURS, strict=True)])
    strip = read_picture(tmp_path / "strip.png").pixels

    white = plain(40, GAP, (255, 255, 255))
    expected = [plain(40, 50, COLOURS[0]), white, plain(40, 20, COLOURS[1]), white, plain(40, 30, COLOURS[2])]
    assert np.array_equal(strip, np.hstack(expected))


def test_a_very_narrow_picture_is_still_in_the_strip(tmp_path: Path):
    write_strip(tmp_path / "strip.png", [plain(40, 40, COLOURS[0]), plain(400, 1, COLOURS[1])])
    assert read_picture(tmp_path / "strip.png").pixels[0, -1].tolist() == [*COLOURS[1]]


def drawn_curves(file: Path) -> list[bool]:
    with Image.open(file) as image:
        assert (image.format, image.size) == ("PNG", (800, 500))
    pixels = read_picture(file).pixels
    return [bool((pixels == colour).all(axis=-1).any()) for colour in CURVES]


def test_the_plot_shows_one_curve_for_each_loss(tmp_path: Path):
    falling = np.geomspace(100, 1, 50, dtype=np.float32)
    write_loss_plot(tmp_path / "losses.png", np.stack([falling, falling / 2, falling / 4, falling / 8], axis=1))
    assert drawn_curves(tmp_path / "losses.png") == [True, True, True, True]


def test_a_loss_that_is_switched_off_has_no_curve(tmp_path: Path):
    falling = np.geomspace(100, 1, 50, dtype=np.float32)
    write_loss_plot(tmp_path / "losses.png", np.stack([falling, falling / 2, falling / 4, 0 * falling], axis=1))
    assert drawn_curves(tmp_path / "losses.png") == [True, True, True, False]


def test_a_content_loss_that_starts_at_zero_is_drawn_from_where_it_is_not(tmp_path: Path):
    falling = np.geomspace(100, 1, 50, dtype=np.float32)
    rising = np.linspace(0, 1, 50, dtype=np.float32)
    write_loss_plot(tmp_path / "losses.png", np.stack([falling, rising, falling / 4, falling / 8], axis=1))
    assert drawn_curves(tmp_path / "losses.png") == [True, True, True, True]


def test_a_single_iteration_is_shown_as_points(tmp_path: Path):
    write_loss_plot(tmp_path / "losses.png", np.array([[8, 4, 2, 1]], np.float32))
    with_points = read_picture(tmp_path / "losses.png").pixels
    left_third = with_points[:, : 800 // 3]  # the legend, whose colours would count too, is at the right
    assert all((left_third == colour).all(axis=-1).any() for colour in CURVES)


def test_losses_that_are_all_zero_give_an_empty_plot(tmp_path: Path):
    write_loss_plot(tmp_path / "losses.png", np.zeros((5, 4), np.float32))
    assert drawn_curves(tmp_path / "losses.png") == [False] * 4


@pytest.mark.parametrize(("suffix", "kind"), [(".png", "PNG"), (".jpg", "JPEG"), (".webp", "WEBP")])
def test_the_suffix_chooses_the_plots_format(tmp_path: Path, suffix: str, kind: str):
    write_loss_plot(tmp_path / f"losses{suffix}", np.ones((2, 4), np.float32))
    with Image.open(tmp_path / f"losses{suffix}") as image:
        assert (image.format, image.size) == (kind, (800, 500))


def test_a_plot_that_cannot_be_written_is_a_picture_error(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(FileError, match="There is no folder"):
        write_loss_plot(tmp_path / "file" / "losses.png", np.ones((2, 4), np.float32))
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


def test_a_loss_that_begins_at_next_to_nothing_does_not_flatten_the_others():
    falling, rising = np.geomspace(100, 1, 50), np.geomspace(1e-8, 0.2, 50)
    assert lowest_shown(np.stack([falling, rising, falling, 0 * falling], axis=1)) == pytest.approx(0.02)
    assert lowest_shown(np.zeros([3, 4])) == 0
