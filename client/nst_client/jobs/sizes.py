"""Pictures that `--size` makes too small or too large for a model: which size would do."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from nst_client.contract import MIN_SIDE
from nst_client.errors import NstError, PictureError, RequestRefused
from nst_client.files.pictures import Picture, scaled_size


def check_sides(file: Path, picture: Picture, size: int) -> Picture:
    """Refuses a picture that every model would refuse, and returns any other one.

    Args:
        file: where it was read from.
        picture: as it would be sent.
        size: what was asked for, as in `read_picture`.

    Raises:
        PictureError: a side is shorter than MIN_SIDE; its text names a size that would do.
    """
    if min(picture.pixels.shape[:2]) >= MIN_SIDE:
        return picture
    enough = smallest_size(*picture.size_in_file)
    words = f"{_described(file, picture, size)}, and no side may be shorter than {MIN_SIDE}"
    raise PictureError(f"{words}: use --size {enough} or more.", "Or crop it.")


@contextlib.contextmanager
def named_sizes(
    describe: Callable[[], Mapping[str, Any]], files: Mapping[str, Path], pictures: Mapping[str, Picture], size: int
) -> Iterator[None]:
    """Has a model's refusal of a picture that is too large say which size would do.

    Args:
        describe: returns the model's card.
        files: by the names of inputs, where pictures were read from.
        pictures: as they are sent, by the same names.
        size: what was asked for, as in `read_picture`.
    """
    try:
        yield
    except RequestRefused as error:
        name = error.input or ""
        if name not in pictures:
            raise
        limit = _max_pixels(describe)
        height, width = pictures[name].pixels.shape[:2]
        if limit is None or height * width <= limit:
            raise
        words = f"{_described(files[name], pictures[name], size)}, and this model takes at most {limit} together"
        largest = largest_size(*pictures[name].size_in_file, limit)
        advice = "crop it" if largest is None else f"use --size {largest} or less"
        remedy = "Or export a model with a larger --max-pixels."
        raise RequestRefused(f"{words}: {advice}.", remedy, input=name) from error


def smallest_size(width: int, height: int) -> int:
    """The least `size` at which no side is shorter than MIN_SIDE."""
    size = math.ceil((MIN_SIDE - 1) * max(width, height) / min(width, height))
    while min(scaled_size(width, height, size)) < MIN_SIDE:
        size += 1
    return size


def largest_size(width: int, height: int, max_pixels: int) -> int | None:
    """The largest `size` at which both sides make at most `max_pixels`; None where one would be too short by then."""
    size = math.isqrt(max_pixels * max(width, height) // min(width, height)) + 1
    while math.prod(scaled_size(width, height, size)) > max_pixels:
        size -= 1
    return size if min(scaled_size(width, height, size)) >= MIN_SIDE else None


def _described(file: Path, picture: Picture, size: int) -> str:
    height, width = picture.pixels.shape[:2]
    return f"{file} is {width} x {height} pixels" + (f" at --size {size}" if size else "")


def _max_pixels(describe: Callable[[], Mapping[str, Any]]) -> int | None:
    try:
        limit = describe().get("limits", {}).get("max_pixels")
    except (NstError, AttributeError):  # the refusal itself says more
        return None
    return limit if isinstance(limit, int) else None
