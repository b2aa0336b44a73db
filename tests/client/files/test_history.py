"""A run's pictures take bounded memory, and become an animation and a strip."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nst_client.errors import FileError
from nst_client.files.history import (
    LAST_MILLISECONDS,
    MILLISECONDS,
    Frame,
    History,
    check_animation_writable,
    write_gif,
    write_strip_of,
)
from nst_client.files.pictures import read_picture
from nst_client.files.plots import GAP


def plain(level: int, height: int = 24, width: int = 32) -> np.ndarray:
    return np.full((height, width, 3), (level, 255 - level, 40), np.uint8)


def kept(history: History) -> list[int]:
    return [frame.iteration for frame in history.frames]


def test_every_picture_is_kept_while_there_is_room():
    history = History(limit=3)
    assert kept(history) == []
    for iteration in (5, 9, 20):
        history.add(iteration, plain(iteration))
    assert kept(history) == [5, 9, 20]
    assert all(np.array_equal(frame.image, plain(frame.iteration)) for frame in history.frames)


def test_a_full_history_drops_every_second_picture_and_then_keeps_every_second_one():
    history, after = History(limit=4), []
    for iteration in range(14):
        history.add(iteration, plain(iteration))
        after.append(kept(history))
    assert after[3:] == [
        [0, 1, 2, 3],
        [0, 2, 4],
        [0, 2, 4, 5],
        [0, 2, 4, 6],
        [0, 4, 7],
        [0, 4, 8],
        [0, 4, 8, 9],
        [0, 4, 8, 10],
        [0, 4, 8, 11],
        [0, 4, 8, 12],
        [0, 8, 13],
    ]


@pytest.mark.parametrize("limit", [2, 3, 4, 7, 48])
def test_any_length_of_run_keeps_the_first_the_newest_and_even_distances(limit: int):
    history = History(limit)
    for iteration in range(1000):
        history.add(iteration, plain(0, 1, 1))
        frames = kept(history)
        assert len(frames) <= limit
        assert (frames[0], frames[-1]) == (0, iteration)
        assert len(set(np.diff(frames[:-1]))) <= 1
    assert len(frames) >= limit // 2


def test_a_limit_without_room_for_first_and_newest_is_refused():
    with pytest.raises(ValueError, match="limit: must be at least 2"):
        History(limit=1)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((1024, 768), (512, 384)),
        ((768, 1024), (384, 512)),
        ((512, 512), (512, 512)),
        ((100, 40), (100, 40)),
        ((1, 1000), (1, 512)),
        ((4000, 1), (512, 1)),
        ((1, 1), (1, 1)),
    ],
)
def test_a_large_picture_is_kept_small(shape: tuple[int, int], expected: tuple[int, int]):
    history = History()
    history.add(1, plain(100, *shape))
    assert np.array_equal(history.frames[0].image, plain(100, *expected))


def animation(file: Path) -> list[tuple[int, np.ndarray]]:
    """Milliseconds and pixels of each frame."""
    with Image.open(file) as image:
        assert (image.format, image.info["loop"]) == ("GIF", 0)
        frames = []
        for index in range(image.n_frames):
            image.seek(index)
            frames.append((image.info["duration"], np.asarray(image.convert("RGB"))))
    return frames


def test_an_animation_shows_each_picture_and_rests_on_the_last(tmp_path: Path):
    frames = [Frame(iteration, plain(10 * iteration)) for iteration in (1, 2, 3)]
    write_gif(tmp_path / "run.gif", frames)
    durations, pictures = zip(*animation(tmp_path / "run.gif"), strict=True)
    assert durations == (MILLISECONDS, MILLISECONDS, LAST_MILLISECONDS)
    assert all(np.array_equal(shown, frame.image) for shown, frame in zip(pictures, frames, strict=True))
    assert list(tmp_path.iterdir()) == [tmp_path / "run.gif"]


def test_one_picture_is_an_animation_too(tmp_path: Path):
    write_gif(tmp_path / "run.gif", [Frame(1, plain(10))])
    with Image.open(tmp_path / "run.gif") as image:
        assert np.array_equal(np.asarray(image.convert("RGB")), plain(10))


def test_each_frame_has_colours_of_its_own(tmp_path: Path):
    """The palette of the first, which is red, would show nothing of the second, which is blue."""
    ramps = [np.zeros((10, 200, 3), np.uint8) for _ in range(2)]
    ramps[0][..., 0] = ramps[1][..., 2] = np.arange(50, 250)
    write_gif(tmp_path / "run.gif", [Frame(index, ramp) for index, ramp in enumerate(ramps)])
    shown = [pixels for _, pixels in animation(tmp_path / "run.gif")]
    errors = [int(np.abs(a.astype(int) - b).max()) for a, b in zip(shown, ramps, strict=True)]
    assert max(errors) <= 4  # as near as Pillow looks for a palette's colours


def test_small_areas_keep_their_colours(tmp_path: Path):
    """A window, a bush, a roof and a flower under a great blue sky; plain median cut misses them by 100 levels."""
    y, x = np.mgrid[0:192, 0:256]
    sky = np.stack(
        [40 + 30 * np.sin(x / 17) + 20 * np.sin(y / 11), 90 + 40 * np.sin(x / 23 + y / 13), 170 + 50 * np.sin(y / 19)],
        axis=-1,
    )
    noise = np.random.default_rng(0).normal(0, 12, sky.shape)
    picture = np.clip(sky + noise, 0, 255).astype(np.uint8)
    colours = [(250, 220, 40), (60, 140, 30), (200, 40, 30), (240, 150, 170)]
    for row, colour in enumerate(colours):
        picture[20 + 40 * row :, 60:66][:6] = colour
    write_gif(tmp_path / "run.gif", [Frame(1, picture)])
    shown = read_picture(tmp_path / "run.gif").pixels.astype(int)
    for row, colour in enumerate(colours):
        assert np.abs(shown[20 + 40 * row :, 60:66][:6] - colour).max() <= 4
    assert np.abs(shown - picture).mean() < 6


def test_flat_areas_have_no_grain(tmp_path: Path):
    smooth = np.broadcast_to(np.linspace(0, 255, 300), (300, 300)).astype(np.uint8)
    picture = np.stack([smooth, smooth.T, 255 - smooth], axis=-1)
    write_gif(tmp_path / "run.gif", [Frame(1, picture)])
    shown = read_picture(tmp_path / "run.gif").pixels.astype(int)
    grain = (shown[:, 2:] != shown[:, 1:-1]) & (shown[:, 2:] == shown[:, :-2])  # a, b, a
    assert grain.any(axis=-1).mean() < 0.01


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((1, 1000), (1, 512)), ((1000, 1), (512, 1)), ((3, 5000), (1, 512)), ((1, 1), (1, 1))],
)
def test_pictures_of_odd_shapes_become_animations_and_strips(
    tmp_path: Path, shape: tuple[int, int], expected: tuple[int, int]
):
    history = History()
    for iteration in range(3):
        history.add(iteration, plain(50 * iteration, *shape))
    write_gif(tmp_path / "run.gif", history.frames)
    write_strip_of(tmp_path / "strip.png", plain(0, *shape), history.frames)
    assert {pixels.shape[:2] for _, pixels in animation(tmp_path / "run.gif")} == {expected}
    strip = read_picture(tmp_path / "strip.png").pixels
    height, width = expected
    assert strip.shape[:2] == (height, 4 * width + 3 * GAP)


def levels_of(strip: Path, width: int) -> list[int]:
    return read_picture(strip).pixels[0, :: width + GAP, 0].tolist()


def test_a_strip_shows_content_five_pictures_of_the_run_and_the_last(tmp_path: Path):
    frames = [Frame(iteration, plain(iteration)) for iteration in range(2, 63, 2)]
    write_strip_of(tmp_path / "strip.png", plain(255), frames)
    assert levels_of(tmp_path / "strip.png", 32) == [255, 12, 22, 32, 42, 52, 62]


def test_a_strip_is_even_over_the_iterations_and_not_over_the_frames(tmp_path: Path):
    frames = [Frame(iteration, plain(iteration)) for iteration in (0, 1, 2, 3, 4, 5, 30, 60)]
    write_strip_of(tmp_path / "strip.png", plain(255), frames)
    assert levels_of(tmp_path / "strip.png", 32) == [255, 5, 30, 60]


def test_a_strip_of_a_short_run_shows_nothing_twice(tmp_path: Path):
    write_strip_of(tmp_path / "strip.png", plain(255), [Frame(7, plain(7))])
    assert levels_of(tmp_path / "strip.png", 32) == [255, 7]


def test_a_large_content_is_shrunk_like_the_pictures_of_its_run(tmp_path: Path):
    history = History()
    history.add(1, plain(7, 768, 1024))
    write_strip_of(tmp_path / "strip.png", plain(255, 768, 1024), history.frames)
    assert read_picture(tmp_path / "strip.png").pixels.shape == (384, 2 * 512 + GAP, 3)


def test_an_animation_that_cannot_be_written_leaves_the_older_one(tmp_path: Path, python):
    (tmp_path / "run.gif").write_text("an older animation")
    done = python(
        "import resource, signal, sys, numpy\n"
        "from pathlib import Path\n"
        "from nst_client.errors import FileError\n"
        "from nst_client.files.history import Frame, write_gif\n"
        "assert 'matplotlib' not in sys.modules\n"
        "noise = numpy.random.default_rng(0).integers(0, 256, (200, 200, 3), numpy.uint8)\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))\n"
        "try:\n"
        "    write_gif(Path(sys.argv[1]), [Frame(1, noise)])\n"
        "except FileError as error:\n"
        "    print(error)\n",
        tmp_path / "run.gif",
    )
    assert done.stdout == f"{tmp_path / 'run.gif'} cannot be written: File too large.\n", done.stderr
    assert (tmp_path / "run.gif").read_text() == "an older animation"
    assert list(tmp_path.iterdir()) == [tmp_path / "run.gif"]


def test_another_suffix_than_gif_is_refused_beforehand(tmp_path: Path):
    check_animation_writable(tmp_path / "run.GIF")
    with pytest.raises(FileError, match=r"run\.png has no suffix of an animation") as caught:
        check_animation_writable(tmp_path / "run.png")
    assert caught.value.remedy == "Use .gif."
