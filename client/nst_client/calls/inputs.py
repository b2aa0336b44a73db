"""What a caller passes, as the arrays that are sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from nst_client import errors
from nst_client.contract import MAX_MESSAGE_BYTES

ENVELOPE_BYTES = 2**16  # names, shapes and lengths in a request take far less


class Numbers(NamedTuple):
    """The optional inputs; None is the model's to choose."""

    content_weight: float | None = None
    style_weight: float | None = None
    tv_weight: float | None = None
    learning_rate: float | None = None  # in pixel levels

    def given(self) -> dict[str, float]:
        """Those that are not the model's to choose."""
        return {name: number for name, number in self._asdict().items() if number is not None}


def picture_inputs(content: np.ndarray, style: np.ndarray, numbers: Numbers = Numbers()) -> dict[str, Any]:  # noqa: B008
    """The inputs that all signatures which stylise share."""
    inputs = {"content": pixels("content", content), "style": pixels("style", style)}
    return inputs | {name: float32(number) for name, number in numbers.given().items()}


def check_sendable(inputs: Mapping[str, np.ndarray | Sequence[bytes]]) -> None:
    """Refuses what no message can hold; gRPC would only say that it failed."""
    sizes = [value.nbytes if isinstance(value, np.ndarray) else sum(map(len, value)) for value in inputs.values()]
    if sum(sizes) > MAX_MESSAGE_BYTES - ENVELOPE_BYTES:
        raise errors.RequestRefused(
            f"The request is too large: {sum(sizes)} bytes, and a message holds {MAX_MESSAGE_BYTES}.",
            "Use smaller pictures, or start anew.",
        )


def pixels(name: str, picture: np.ndarray) -> np.ndarray:
    """A picture, uint8[height, width, 3]."""
    array = np.asarray(picture)
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3:
        raise errors.RequestRefused(
            f"{name}: must be uint8 of shape (height, width, 3), got {array.dtype} of shape {array.shape}.",
            "Read it with nst_client.read_picture, which converts every kind of picture.",
        )
    return array


def whole(name: str, number: int, bits: int) -> np.ndarray:
    """A whole number of 32 or 64 bits."""
    if number != number // 1 or not -(2 ** (bits - 1)) <= number < 2 ** (bits - 1):
        raise errors.RequestRefused(
            f"{name}: must be a whole number of at most {bits} bits, got {number}.", "Use a smaller whole number."
        )
    return np.asarray(number, f"int{bits}")


def float32(number: float) -> np.ndarray:
    """A number as the graph takes it."""
    with np.errstate(over="ignore"):  # it becomes inf, which the server refuses by name
        return np.asarray(number, np.float32)
