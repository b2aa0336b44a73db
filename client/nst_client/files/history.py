"""The pictures that a run went through, kept in bounded memory, and written as an animation or a strip."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from nst_client.files.plots import write_strip
from nst_client.files.written import check_can_write, write_whole

# Pixels of the longest side that is kept. It is where the brush strokes of the default size are still all
# there; a GIF spends about a byte on each pixel of each frame, so that 48 frames of 1024 would be 40 MB.
FRAME_SIZE = 512

LIMIT = 48  # frames: six seconds of animation, and at most 38 MB of memory

MILLISECONDS = 120  # for a frame: fast enough to look like painting, slow enough for every browser
LAST_MILLISECONDS = 2000  # the result is what one wants to look at before it starts again

PALETTE_SIZE = 128  # pixels of the longest side of the thumbnail from which a frame's colours are chosen

STRIP_FRAMES = 5  # between content and result: more would be too small to see on a page


class Frame(NamedTuple):
    """A picture on the way."""

    iteration: int  # updates so far, in the whole run
    image: np.ndarray  # uint8[height, width, 3], at most FRAME_SIZE pixels on the longest side


class History:
    """Keeps pictures of a run, evenly spread over its calls, the first and the newest among them.

    When there are more than `limit`, every second one is dropped, and from then on only every second of
    those that come is kept: memory stays the same however long a run is.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        """Starts with nothing; `limit` is the most frames that are kept, at least 2."""
        if limit < 2:
            raise ValueError(f"limit: must be at least 2, the first frame and the newest, got {limit}")
        self._limit = limit
        self._stride = 1
        self._added = 0
        self._kept: list[Frame] = []
        self._newest: Frame | None = None

    def add(self, iteration: int, image: np.ndarray) -> None:
        """Takes the picture after `iteration` updates, uint8[height, width, 3], of any size."""
        self._newest = Frame(iteration, shrunk(image))
        if self._added % self._stride == 0:
            self._kept.append(self._newest)
        self._added += 1
        if len(self.frames) > self._limit:
            self._kept = self._kept[::2]
            self._stride *= 2

    @property
    def frames(self) -> list[Frame]:
        """What is kept, oldest first."""
        if self._newest is None or self._kept[-1] is self._newest:
            return list(self._kept)
        return [*self._kept, self._newest]


def shrunk(image: np.ndarray) -> np.ndarray:
    """A picture, uint8[height, width, 3], with at most FRAME_SIZE pixels on its longest side."""
    factor = FRAME_SIZE / max(image.shape)
    if factor >= 1:
        return image
    height, width = (max(1, round(side * factor)) for side in image.shape[:2])
    return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.LANCZOS))


def check_animation_writable(file: Path) -> None:
    """Refuses, before anything is computed, a path to which `write_gif` could not write.

    Raises:
        FileError: another suffix than .gif, a folder that does not exist or may not be written to.
    """
    check_can_write(file, (".gif",), "an animation")


def write_gif(file: Path, frames: Sequence[Frame]) -> None:
    """Writes an animation that repeats for ever and rests on its last frame.

    Args:
        file: .gif; it is written whole or not at all.
        frames: one or more, all of one size.

    Raises:
        FileError: the file cannot be written, and an older one is as it was.
    """
    first, *others = [_with_palette(frame.image) for frame in frames]
    durations = [MILLISECONDS] * len(others) + [LAST_MILLISECONDS]
    buffer = io.BytesIO()
    first.save(buffer, "GIF", save_all=True, append_images=others, duration=durations, loop=0)
    write_whole(file, buffer.getvalue())


def _with_palette(image: np.ndarray) -> Image.Image:
    """The picture in 256 colours of its own.

    The method was chosen by looking (Tübingen turning into The Starry Night, 2026-11): plain median cut
    turns small green and yellow areas brown, and dithering covers flat strokes with a grain that flickers
    from frame to frame. Choosing colours by coverage and then moving them to the means of what they stand
    for keeps both; on a thumbnail it costs a tenth of a second instead of one.
    """
    colours = Image.fromarray(image)
    sample = colours.copy()
    sample.thumbnail((PALETTE_SIZE, PALETTE_SIZE), Image.Resampling.NEAREST)  # mixes no new colours
    palette = sample.quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=1)
    return colours.quantize(palette=palette, dither=Image.Dither.NONE)


def write_strip_of(file: Path, content: np.ndarray, frames: Sequence[Frame]) -> None:
    """Writes side by side the content, STRIP_FRAMES pictures evenly spread over the iterations, and the last.

    Args:
        file: of any picture format; it is written whole or not at all.
        content: uint8[height, width, 3].
        frames: one or more; none is shown twice where they are few.

    Raises:
        FileError: the file cannot be written, and an older one is as it was.
    """
    iterations = np.array([frame.iteration for frame in frames])
    # Without the first: a run that starts from the content has hardly left it by then.
    wanted = np.linspace(iterations[0], iterations[-1], STRIP_FRAMES + 2)[1:]
    chosen = sorted({int(np.abs(iterations - number).argmin()) for number in wanted})
    write_strip(file, [shrunk(content), *(frames[index].image for index in chosen)])
