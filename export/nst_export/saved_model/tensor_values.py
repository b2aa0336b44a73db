"""Types, shapes and small values in TensorFlow's messages, as Python has them. TensorFlow's runtime is not needed."""

from __future__ import annotations

import math
import struct
from typing import NamedTuple, TypeAlias

from nst_export.saved_model.messages import tensor_pb2, tensor_shape_pb2, types_pb2

Element: TypeAlias = bool | int | float | str
Value: TypeAlias = Element | tuple[Element, ...]
Shape: TypeAlias = tuple[int | None, ...] | None  # None: any rank; in it: any length

RENAMED = {"float": "float32", "double": "float64", "half": "float16"}  # as everybody calls them
REFERENCE = 100  # is added to the number of a type of which a TF1 variable is a reference
LONGEST_TEXT = 80


class Field(NamedTuple):
    """Where a message keeps the values of a dtype."""

    name: str
    code: str  # of `struct`; empty for texts


FIELDS = {
    types_pb2.DT_FLOAT: Field("float_val", "f"),
    types_pb2.DT_DOUBLE: Field("double_val", "d"),
    types_pb2.DT_INT8: Field("int_val", "b"),
    types_pb2.DT_INT16: Field("int_val", "h"),
    types_pb2.DT_INT32: Field("int_val", "i"),
    types_pb2.DT_UINT8: Field("int_val", "B"),
    types_pb2.DT_UINT16: Field("int_val", "H"),
    types_pb2.DT_INT64: Field("int64_val", "q"),
    types_pb2.DT_UINT32: Field("uint32_val", "I"),
    types_pb2.DT_UINT64: Field("uint64_val", "Q"),
    types_pb2.DT_BOOL: Field("bool_val", "?"),
    types_pb2.DT_STRING: Field("string_val", ""),
}


def dtype_name(number: int) -> str:
    """`float32`, `string`, ...; the number itself where this TensorFlow knows no such type."""
    try:
        name = str(types_pb2.DataType.Name(number % REFERENCE if number > REFERENCE else number))
    except ValueError:
        return str(number)
    plain = name.removeprefix("DT_").lower()
    return RENAMED.get(plain, plain)


def shape_of(shape: tensor_shape_pb2.TensorShapeProto) -> Shape:
    """The lengths, None for those that are open."""
    if shape.unknown_rank:
        return None
    return tuple(None if dimension.size < 0 else dimension.size for dimension in shape.dim)


def value_of(tensor: tensor_pb2.TensorProto, *, most: int = 16) -> Value | None:
    """A value of at most `most` elements, flat in a tuple unless it is a single one.

    None if there are more, the text is long or no text, or the dtype has no counterpart in Python.
    """
    field, shape = FIELDS.get(tensor.dtype), shape_of(tensor.tensor_shape)
    if field is None or shape is None or None in shape:
        return None
    count = math.prod(length for length in shape if length is not None)
    if count > most:
        return None
    try:
        values = tuple(_plain(tensor.dtype, value) for value in _elements(tensor, field, count))
    except (struct.error, UnicodeDecodeError):
        return None
    if any(isinstance(value, str) and len(value) > LONGEST_TEXT for value in values):
        return None
    return values if shape else values[0]


def _elements(tensor: tensor_pb2.TensorProto, field: Field, count: int) -> list[Element | bytes]:
    if tensor.tensor_content:
        return list(struct.unpack(f"<{count}{field.code}", tensor.tensor_content))
    values = list(getattr(tensor, field.name))[:count] or ([0] if field.code else [b""])
    return values + values[-1:] * (count - len(values)) if count else []  # the last one stands for all that follow


def _plain(dtype: int, value: Element | bytes) -> Element:
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # JSON has none
    if dtype == types_pb2.DT_FLOAT:
        return shortest(float(value))
    return bool(value) if dtype == types_pb2.DT_BOOL else value


def shortest(value: float) -> float:
    """A float32 with as few digits as tell it from the others: 0.1 in place of 0.10000000149011612."""
    candidates = (float(f"{value:.{digits}g}") for digits in range(6, 9))
    return next((near for near in candidates if _as_float32(near) == _as_float32(value)), value)


def _as_float32(value: float) -> bytes:
    try:
        return struct.pack("<f", value)
    except OverflowError:
        return b""
