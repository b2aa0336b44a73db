"""The arrays that a caller passes, checked by dtype and shape."""

from __future__ import annotations

from typing import Any

import numpy as np

from nst_client.errors import RequestRefused


def pixels(name: str, picture: Any) -> np.ndarray:
    """A picture, uint8[height, width, 3]."""
    array = _array(picture)
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3:
        raise RequestRefused(
            f"{name}: must be uint8 of shape (height, width, 3), got {_described(array)}.",
            "Read it with nst_client.read_picture, which converts every kind of picture.",
            input=name,
        )
    return array


def levels(name: str, places: Any, sides: tuple[int, int], owner: str) -> np.ndarray:
    """A level for each place of a picture, uint8[height, width].

    Args:
        name: of the input.
        places: what was passed.
        sides: height and width that it must have.
        owner: whose they are: "the content".
    """
    array = _array(places)
    if array.dtype != np.uint8 or array.shape != sides:
        words = f"must be uint8 of shape {sides}, the size of {owner}, got {_described(array)}"
        raise RequestRefused(f"{name}: {words}.", "Scale it to that size.", input=name)
    return array


def regions(name: str, places: Any, sides: tuple[int, int], owner: str) -> np.ndarray:
    """A level for each region at each place of a picture, uint8[height, width, regions]; one region needs no axis.

    Args:
        name: of the input.
        places: what was passed.
        sides: height and width that it must have.
        owner: whose they are: "the content".
    """
    array = _array(places)
    if array.dtype != np.uint8 or array.ndim not in (2, 3) or array.shape[:2] != sides or 0 in array.shape:
        height, width = sides
        shapes = f"({height}, {width}) or ({height}, {width}, regions), the size of {owner}"
        words = f"must be uint8 of shape {shapes}, got {_described(array)}"
        raise RequestRefused(f"{name}: {words}.", "Scale it to that size.", input=name)
    return array if array.ndim == 3 else array[:, :, np.newaxis]


def padded(arrays: list[np.ndarray]) -> np.ndarray:
    """Arrays of several heights and widths as one, with zeros below and to the right of the smaller ones.

    Args:
        arrays: uint8[height, width, channels], each with its own height and width.

    Returns:
        uint8[n, largest height, largest width, channels].
    """
    height, width, channels = np.max([array.shape for array in arrays], axis=0)
    packed = np.zeros((len(arrays), height, width, channels), np.uint8)
    for place, array in zip(packed, arrays, strict=True):
        place[: array.shape[0], : array.shape[1]] = array
    return packed


def _array(value: Any) -> np.ndarray:
    try:
        return np.asarray(value)
    except ValueError:  # a list of arrays of several sizes
        return np.asarray(None)


def _described(array: np.ndarray) -> str:
    return f"{array.dtype} of shape {array.shape}"
