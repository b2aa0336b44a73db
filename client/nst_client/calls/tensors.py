"""Arrays to TensorProtos and back, without TensorFlow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from nst_client.calls.protocol import tensor_pb2, types_pb2
from nst_client.errors import BadAnswer

# dtype by TensorProto's enum, and the typed field in which a server may send it (tensor.proto).
FIELDS: dict[int, tuple[Any, str]] = {
    types_pb2.DT_FLOAT: (np.float32, "float_val"),
    types_pb2.DT_INT32: (np.int32, "int_val"),
    types_pb2.DT_UINT8: (np.uint8, "int_val"),
}
REMEDY = "Check that the model is one that `nst export` wrote."
ENUMS = {np.dtype(dtype): enum for enum, (dtype, _) in FIELDS.items()}


def tensor_of(value: np.ndarray | bytes | Sequence[bytes]) -> tensor_pb2.TensorProto:
    """A tensor of float32, int32 or uint8 in the compact encoding, raw bytes; or a string, or a vector of strings."""
    if isinstance(value, bytes):
        return tensor_pb2.TensorProto(dtype=types_pb2.DT_STRING, string_val=[value])
    if not isinstance(value, np.ndarray):
        strings = tensor_pb2.TensorProto(dtype=types_pb2.DT_STRING, string_val=value)
        strings.tensor_shape.dim.add(size=len(value))
        return strings
    proto = tensor_pb2.TensorProto(dtype=ENUMS[value.dtype], tensor_content=value.tobytes())
    for length in value.shape:
        proto.tensor_shape.dim.add(size=length)
    return proto


def array_of(proto: tensor_pb2.TensorProto) -> np.ndarray:
    """The array in a reply, whichever of its two encodings the server used.

    Typed fields may be shorter than the tensor: the last value then stands for the rest.

    Raises:
        BadAnswer: a dtype that the contract does not have, or values that do not fit the shape.
    """
    if proto.dtype not in FIELDS:
        names = {number: name for name, number in types_pb2.DataType.items()}
        name = names.get(proto.dtype, f"the unknown type {proto.dtype}")
        raise BadAnswer(f"The server sent a tensor of {name}.", REMEDY)
    shape = [dim.size for dim in proto.tensor_shape.dim]
    try:
        values = _values(proto)
    except ValueError as error:
        raise BadAnswer(f"The server sent values that are not of their type: {error}.", REMEDY) from error
    size = math.prod(shape)
    if not proto.tensor_content and 0 < values.size < size:
        values = np.pad(values, (0, size - values.size), mode="edge")
    if values.size != size or min(shape, default=0) < 0:
        raise BadAnswer(f"The server sent {values.size} values for a tensor of shape {shape}.", REMEDY)
    return values.reshape(shape)


def strings_of(proto: tensor_pb2.TensorProto) -> tuple[bytes, ...]:
    """The strings in a reply, whichever of its two encodings the server used.

    Raises:
        BadAnswer: they are no strings, or not as many as the shape says.
    """
    size = math.prod(dim.size for dim in proto.tensor_shape.dim)
    if proto.dtype != types_pb2.DT_STRING:
        raise BadAnswer("The server sent numbers in the place of strings.", REMEDY)
    strings = _packed_strings(proto.tensor_content, size) if proto.tensor_content else tuple(proto.string_val)
    if len(strings) != size:
        raise BadAnswer(f"The server sent {len(strings)} strings in a tensor for {size}.", REMEDY)
    return strings


def _packed_strings(data: bytes, count: int) -> tuple[bytes, ...]:
    """The strings in tensor_content: all their lengths as varints, then their bytes (port::EncodeStringList)."""
    lengths, position = [], 0
    for _ in range(min(count, len(data) + 1)):  # a length takes a byte at least
        length = 0
        for shift in range(0, 35, 7):  # 32 bits at most
            byte = data[position] if position < len(data) else 0
            position += 1
            length |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
        lengths.append(length)
    if position + sum(lengths) != len(data):
        raise BadAnswer("The server sent strings whose lengths do not fit.", REMEDY)
    strings = []
    for length in lengths:
        strings.append(data[position : position + length])
        position += length
    return tuple(strings)


def _values(proto: tensor_pb2.TensorProto) -> np.ndarray:
    dtype, field = FIELDS[proto.dtype]
    if proto.tensor_content:
        return np.frombuffer(proto.tensor_content, np.dtype(dtype).newbyteorder("<")).astype(dtype)
    sent = np.array(getattr(proto, field))
    if sent.size and dtype is np.uint8 and not 0 <= sent.min() <= sent.max() <= 255:
        raise ValueError("a uint8 lies outside 0..255")
    return sent.astype(dtype)
