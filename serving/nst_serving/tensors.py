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
    """The array of a request's tensor; ValueError or TypeError if it does not parse."""
    return np.asarray(tf.make_ndarray(proto))


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
