"""TensorProtos in and out, in TensorFlow Serving's encodings."""

from __future__ import annotations

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


def array_of(proto: tensor_pb2.TensorProto) -> np.ndarray:
    """The array of a tensor, parsed by the very code that the server parses it with.

    It wraps small integers that are out of range and ignores surplus values; `tf.make_ndarray` does not.

    Raises:
        tf.errors.OpError: it does not parse.
        TypeError: its dtype is none.
    """
    value = tf.io.parse_tensor(proto.SerializeToString(), tf.as_dtype(proto.dtype)).numpy()
    return np.asarray(value, dtype=object) if isinstance(value, bytes) else np.asarray(value)


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
