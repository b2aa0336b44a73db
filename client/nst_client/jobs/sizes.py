"""Pictures that `--size` makes too small or too large for a model: which size would do."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from nst_client.contract import MIN_SIDE
from nst_client.errors import NstError, PictureError, RequestRefused
from nst_client.files.pictures import Picture, scaled_size

MORE = "more_styles"  # the input that holds all styles but the first


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
        files: by their roles, where pictures were read from.
        pictures: as they are sent, by the same roles.
        size: what was asked for, as in `read_picture`.
    """
    try:
        yield
    except RequestRefused as error:
        refused = [role for role in pictures if role == error.input or (error.input == MORE and role != "content")]
        if not refused:
            raise
        card: Mapping[str, Any] = {}
        with contextlib.suppress(NstError):  # the refusal itself says more
            card = describe()
        try:
            check_max_pixels(card, files, {role: pictures[role] for role in refused}, size)
        except RequestRefused as better:
            raise better from error
        raise


def check_max_pixels(
    card: Mapping[str, Any], files: Mapping[str, Path], pictures: Mapping[str, Picture], size: int
) -> None:
    """Refuses a picture that a model would refuse as too large.

    Args:
        card: the model's.
        files: by their roles, where pictures were read from.
        pictures: as they would be sent, by the same roles.
        size: what was asked for, as in `read_picture`.

    Raises:
        RequestRefused: its text names a size that would do.
    """
    limit = _max_pixels(card)
    if limit is None:
        return
    for role, picture in pictures.items():
        if math.prod(picture.pixels.shape[:2]) <= limit:
            continue
        words = f"{_described(files[role], picture, size)}, and this model takes at most {limit} together"
        largest = largest_size(*picture.size_in_file, limit)
        advice = "crop it" if largest is None else f"use --size {largest} or less"
        remedy = "Or export a model with a larger --max-pixels."
        raise RequestRefused(f"{words}: {advice}.", remedy, input=role)
    styles = [picture for role, picture in pictures.items() if role != "content"]
    together = _padded_pixels([picture.pixels.shape[1::-1] for picture in styles])
    if together > limit:
        words = f"{len(styles)} styles are {together} pixels together" + (f" at --size {size}" if size else "")
        largest = _largest_for_all([style.size_in_file for style in styles], limit)
        advice = "pass fewer" if largest is None else f"use --size {largest} or less"
        raise RequestRefused(
            f"{words}, padded to the same size, and this model takes at most {limit}: {advice}.",
            "Or export a model with a larger --max-pixels.",
            input=MORE,
        )


def _padded_pixels(sizes: Sequence[tuple[int, ...]]) -> int:
    """Of styles of such widths and heights together: the first, and all others as large as the largest of them."""
    (width, height), *more = sizes or [(0, 0)]
    widest, tallest = (max(sides) for sides in zip(*more, strict=True)) if more else (0, 0)
    return width * height + len(more) * widest * tallest


def _largest_for_all(sizes: Sequence[tuple[int, int]], max_pixels: int) -> int | None:
    """The largest `size` at which all styles, of such widths and heights in their files, have few enough pixels."""
    for size in range(max(math.isqrt(max_pixels * max(sides) // min(sides)) for sides in sizes), MIN_SIDE - 1, -1):
        scaled = [scaled_size(width, height, size) for width, height in sizes]
        if _padded_pixels(scaled) <= max_pixels:
            return size if min(map(min, scaled)) >= MIN_SIDE else None
    return None


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


def _max_pixels(card: Mapping[str, Any]) -> int | None:
    try:
        limit = card.get("limits", {}).get("max_pixels")
    except AttributeError:
        return None
    return limit if isinstance(limit, int) else None
