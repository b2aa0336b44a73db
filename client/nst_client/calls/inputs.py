"""What a caller passes, as the arrays that are sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from nst_client import errors
from nst_client.calls.arrays import pixels
from nst_client.calls.guidance import Style, check_blend, further_styles, mask_inputs, style_pictures
from nst_client.contract import MAX_MESSAGE_BYTES, OPTIONS
from nst_client.option import Option

ENVELOPE_BYTES = 2**16  # names, shapes and lengths in a request take far less


Input = np.ndarray | bytes | Sequence[bytes]  # numbers, a string, or a vector of strings


def picture_inputs(
    content: np.ndarray, style: Style, options: Mapping[str, Any] = MappingProxyType({})
) -> dict[str, Any]:
    """The inputs that all signatures which stylise share.

    Args:
        content: uint8[height, width, 3].
        style: uint8[height, width, 3], or several.
        options: rows of `OPTIONS` with the values that are given.

    Raises:
        RequestRefused: no picture, or a value that is not of its option's type.
        TypeError: no row of the table has such a name, which is what Python raises for an unknown keyword.
    """
    unknown = ", ".join(sorted(options.keys() - OPTIONS.keys()))
    if unknown:
        raise TypeError(f"unknown options: {unknown}; there are {', '.join(OPTIONS)}")
    picture, styles = pixels("content", content), style_pictures(style)
    masks = mask_inputs(picture, styles, options)
    values = {name: option_input(OPTIONS[name], value) for name, value in options.items() if name not in masks}
    if "blend" in values:
        check_blend(values["blend"], len(styles), masks)
    return {"content": picture, "style": styles[0], **further_styles(styles), **values, **masks}


def option_input(option: Option, value: Any) -> Any:
    """The value of an option as the graph takes it: an `Input`."""
    if option.is_array:
        return pixels(option.name, value)
    try:
        checked = option.checked(value)
    except ValueError as error:
        remedy = f"Leave it out to have {option.default_in_words}."
        raise errors.RequestRefused(f"{option.name}: {error}.", remedy, input=option.name) from error
    if option.dtype == "string":
        return [text.encode() for text in checked] if option.is_list else checked.encode()
    with np.errstate(over="ignore"):  # it becomes inf, which the server refuses by name
        return np.asarray(checked, option.dtype)


def check_sendable(inputs: Mapping[str, Input]) -> None:
    """Refuses what no message can hold; gRPC would only say that it failed."""
    size = bytes_of(inputs)
    if size > MAX_MESSAGE_BYTES - ENVELOPE_BYTES:
        raise errors.RequestRefused(
            f"The request is too large: {size} bytes, and a message holds {MAX_MESSAGE_BYTES}.",
            "Use smaller pictures, or start anew.",
        )


def bytes_of(inputs: Mapping[str, Input]) -> int:
    """Bytes of a request, or a little less."""
    return sum(map(_size, inputs.values()))


def whole(name: str, number: int, bits: int) -> np.ndarray:
    """A whole number of 32 or 64 bits."""
    if number != number // 1 or not -(2 ** (bits - 1)) <= number < 2 ** (bits - 1):
        raise errors.RequestRefused(
            f"{name}: must be a whole number of at most {bits} bits, got {number}.",
            "Use a smaller whole number.",
            input=name,
        )
    return np.asarray(number, f"int{bits}")


def _size(value: Input) -> int:
    """Bytes of an input in a message, or a little less."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    return len(value) if isinstance(value, bytes) else sum(map(len, value))
