"""TensorProtos in and out, in TensorFlow Serving's encodings."""

from __future__ import annotations

import math
import sys

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2

# tensor.proto: the typed field of each dtype; small integers share int_val.
TYPED_FIELDS = {
    tf.float32: "float_val",
    tf.float64: "double_val",
    tf.int64: "int64_val",
    tf.bool: "bool_val",
    tf.uint32: "uint32_val",
    tf.uint64: "uint64_val",
    **dict.fromkeys((tf.int32, tf.int16, tf.int8, tf.uint8, tf.uint16), "int_val"),
}


# On its way into a session a tensor is parsed, made an array and fed: as many copies, at most.
COPIES = 3
LARGE_BYTES = 2**26


def array_of(proto: tensor_pb2.TensorProto) -> np.ndarray:
    """The array of a tensor, parsed by the very code that the server parses it with.

    It wraps small integers that are out of range and ignores surplus values; `tf.make_ndarray` does not.

    Raises:
        MemoryError: there is not enough for it, whose few bytes may claim gigabytes: one value stands for all.
        tf.errors.OpError: it does not parse.
        TypeError: its dtype is none.
    """
    _check_memory(proto)
    value = tf.io.parse_tensor(proto.SerializeToString(), tf.as_dtype(proto.dtype)).numpy()
    return np.asarray(value, dtype=object) if isinstance(value, bytes) else np.asarray(value)


def _check_memory(proto: tensor_pb2.TensorProto) -> None:
    """Reserves the memory for a moment: where the runtime finds none in the middle of its work the process ends."""
    size = tf.as_dtype(proto.dtype).size * math.prod(dim.size for dim in proto.tensor_shape.dim)
    if size > LARGE_BYTES:
        np.empty(min(size * COPIES, sys.maxsize), np.uint8)


def proto_of(array: np.ndarray, *, tensor_content: bool = False) -> tensor_pb2.TensorProto:
    """A reply's tensor, in typed fields as the server sends it unless told otherwise."""
    array = np.asarray(array)
    if array.dtype.kind in "OSU":
        return tf.make_tensor_proto(array)
    proto = tensor_pb2.TensorProto(dtype=tf.as_dtype(array.dtype).as_datatype_enum)
    for length in array.shape:
        proto.tensor_shape.dim.add(size=length)
    if tensor_content:
        proto.tensor_content = array.tobytes()
        return proto
    getattr(proto, TYPED_FIELDS[tf.as_dtype(array.dtype)]).extend(array.ravel().tolist())
    return proto
