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
