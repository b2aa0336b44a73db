"""Tensors as no library of ours writes them."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2, types_pb2


def uint8_proto(shape: list[int], **fields: Any) -> tensor_pb2.TensorProto:
    """A uint8 tensor of a shape and any content, fitting or not."""
    proto = tensor_pb2.TensorProto(**({"dtype": types_pb2.DT_UINT8} | fields))
    for length in shape:
        proto.tensor_shape.dim.add(size=length)
    return proto


def typed(array: np.ndarray) -> tensor_pb2.TensorProto:
    """An array one value at a time, as a program without numpy would send it."""
    field = {"u": "int_val", "i": "int_val", "f": "float_val"}[array.dtype.kind]
    dtype = tf.as_dtype(array.dtype).as_datatype_enum
    return uint8_proto(list(array.shape), dtype=dtype, **{field: array.ravel().tolist()})


def packed(array: np.ndarray) -> tensor_pb2.TensorProto:
    """An array as its bytes, scalars too."""
    dtype = tf.as_dtype(array.dtype).as_datatype_enum
    return uint8_proto(list(array.shape), dtype=dtype, tensor_content=array.tobytes())


def strings_typed(values: list[bytes]) -> tensor_pb2.TensorProto:
    """A vector of strings, each a value of its own."""
    return uint8_proto([len(values)], dtype=types_pb2.DT_STRING, string_val=values)


def strings_packed(values: list[bytes]) -> tensor_pb2.TensorProto:
    """A vector of strings as bytes: all lengths, as varints, and then all strings."""
    content = b"".join([*map(varint, map(len, values)), *values])
    return uint8_proto([len(values)], dtype=types_pb2.DT_STRING, tensor_content=content)


def varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first; the eighth bit says that more follow."""
    digits = [number >> shift & 127 for shift in range(0, max(number.bit_length(), 1), 7)]
    return bytes([*(digit | 128 for digit in digits[:-1]), digits[-1]])
