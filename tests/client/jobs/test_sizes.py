"""A picture that `--size` makes too small or too large is told with a size that would do."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from nst_client.contract import MIN_SIDE
from nst_client.errors import PictureError, RequestRefused
from nst_client.files.pictures import Picture, read_picture, scaled_size, write_picture
from nst_client.jobs.sizes import check_sides, largest_size, smallest_size
from nst_graph import limits
from tests.client.proxy import NOWHERE
from tests.client.stylize.command import refused
from tests.conftest import picture


def test_the_shortest_side_is_the_models_own():
    assert MIN_SIDE == limits.MIN_SIDE


@pytest.mark.parametrize(("width", "height"), [(2400, 96), (96, 2401), (33, 31), (20, 15), (1, 1), (30_000, 7)])
def test_the_smallest_size_is_enough_and_one_less_is_not(width: int, height: int):
    size = smallest_size(width, height)
    assert min(scaled_size(width, height, size)) >= MIN_SIDE
    assert min(scaled_size(width, height, size - 1)) < MIN_SIDE


@pytest.mark.parametrize(("width", "height"), [(4000, 3000), (3001, 4001), (129, 129), (2000, 1000)])
@pytest.mark.parametrize("max_pixels", [128 * 128, 10_007, 2048 * 2048])
def test_the_largest_size_fits_and_one_more_does_not(width: int, height: int, max_pixels: int):
    size = largest_size(width, height, max_pixels)
    assert np.prod(scaled_size(width, height, size)) <= max_pixels < np.prod(scaled_size(width, height, size + 1))


def test_a_picture_that_is_too_long_at_every_size_has_no_largest_one():
    assert largest_size(30_000, 10, 128 * 128) is None


@pytest.mark.parametrize(
    ("shape", "size", "words"),
    [
        (
            (96, 2400),
            512,
            "is 512 x 20 pixels at --size 512, and no side may be shorter than 32: use --size 788 or more.",
        ),
        ((15, 20), 0, "is 20 x 15 pixels, and no side may be shorter than 32: use --size 42 or more."),
        ((40, 50), 16, "is 16 x 13 pixels at --size 16, and no side may be shorter than 32: use --size 40 or more."),
    ],
)
def test_a_picture_that_becomes_too_small_is_told_with_the_size_that_does(tmp_path: Path, shape, size: int, words: str):
    file = tmp_path / "pano.png"
    write_picture(file, Picture(np.zeros((*shape, 3), np.uint8)))
    with pytest.raises(PictureError) as caught:
        check_sides(file, read_picture(file, size), size)
    assert str(caught.value) == f"{file} {words}"
    enough = int(re.search(r"use --size (\d+)", words)[1])
    assert check_sides(file, read_picture(file, enough), enough).pixels.shape[2] == 3
    with pytest.raises(PictureError):
        check_sides(file, read_picture(file, enough - 1), enough - 1)


def test_it_is_told_before_any_server_is_asked(stylize, files):
    write_picture(files.style, Picture(picture(24, 600)))
    words = "style.png is 512 x 20 pixels at --size 512, and no side may be shorter than 32: use --size 788 or more."
    assert refused(stylize("--size", 512, server=NOWHERE), PictureError, words)


@pytest.mark.parametrize(
    ("name", "size", "words"),
    [
        ("content", 200, "content.png is 200 x 150 pixels at --size 200, and this model takes at most 16384 together"),
        ("style", 0, "style.png is 400 x 300 pixels, and this model takes at most 16384 together"),
    ],
)
def test_a_picture_over_the_models_limit_is_told_with_the_size_that_does(stylize, files, name, size, words):
    large, small = Picture(picture(300, 400)), Picture(picture(48, 48))
    write_picture(files.content, large if name == "content" else small)
    write_picture(files.style, large if name == "style" else small)
    error = refused(stylize("--size", size, "--iterations", 1), RequestRefused, f"{words}: use --size 147 or less.")
    assert error.input == name
    assert stylize("--size", 128, "--iterations", 1).exit_code == 0


def test_a_batch_names_the_size_of_each_picture_that_fails(nst, server, folders):
    contents, styles, out = folders
    write_picture(contents / "b.png", Picture(picture(24, 600)))
    write_picture(contents / "c.png", Picture(picture(130, 130)))
    done = nst(
        "batch",
        "-c",
        contents,
        "-s",
        styles / "x.png",
        "-o",
        out,
        "--server",
        server.address,
        "--size",
        0,
        "-q",
        "--iterations",
        1,
    )
    failed = [line.split(f"{contents}/")[1] for line in done.stderr.splitlines()]
    assert failed == [
        "b.png is 600 x 24 pixels, and no side may be shorter than 32: use --size 788 or more.",
        "c.png is 130 x 130 pixels, and this model takes at most 16384 together: use --size 128 or less.",
    ]
