"""Sizes, types and values in words."""

from __future__ import annotations

from typing import Protocol

from nst_export.saved_model.tensor_values import Shape, Value

UNITS = ("bytes", "KB", "MB", "GB", "TB")


class Described(Protocol):
    """What has a dtype and a shape."""

    @property
    def dtype(self) -> str:
        """Such as float32."""

    @property
    def shape(self) -> Shape:
        """Lengths."""


def tensor_in_words(tensor: Described) -> str:
    """`uint8[?,?,3]`; `float32[...]` for any rank."""
    if tensor.shape is None:
        return f"{tensor.dtype}[...]"
    return f"{tensor.dtype}[{','.join('?' if length is None else str(length) for length in tensor.shape)}]"


def value_in_words(value: Value | None) -> str:
    """A value as a person would type it; texts in quotes."""
    if value is None:
        return "(not shown)"
    if isinstance(value, tuple):
        return f"[{', '.join(map(value_in_words, value))}]"
    return f'"{value}"' if isinstance(value, str) else f"{value:g}" if isinstance(value, float) else str(value)


def bytes_in_words(size: float) -> str:
    """`61.2 MB`."""
    for unit in UNITS:
        if size < 1000 or unit == UNITS[-1]:
            break
        size /= 1000
    return f"{size:,.0f} {unit}" if unit == UNITS[0] else f"{size:,.1f} {unit}"


AGES = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))


def age_in_words(seconds: float) -> str:
    """`3 days`; nothing is younger than 0 seconds, whatever the clock that wrote it said."""
    name, length = next((unit for unit in AGES if seconds >= unit[1]), AGES[-1])
    count = max(0, int(seconds // length))
    return f"{count} {name}{'' if count == 1 else 's'}"
