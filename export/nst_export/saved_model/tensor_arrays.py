"""Arrays in TensorFlow's messages, of every dtype that has values. TensorFlow's runtime is not needed, NumPy is.

Texts are arrays of `bytes`, with the dtype object.
"""

from __future__ import annotations

import math
from typing import Any

import ml_dtypes  # noqa: F401  (gives NumPy bfloat16)
import numpy as np

from nst_export.errors import SavedModelError
from nst_export.saved_model.messages import tensor_pb2, types_pb2
from nst_export.saved_model.tensor_values import FIELDS, RENAMED, dtype_name

TEXTS = np.dtype(object)
MOST_BYTES = 2**31 - 1  # of one tensor: what a message can hold
BITS = {types_pb2.DT_HALF, types_pb2.DT_BFLOAT16}  # stand in `half_val` as whole numbers of 16 bits
PAIRS = {types_pb2.DT_COMPLEX64: "scomplex_val", types_pb2.DT_COMPLEX128: "dcomplex_val"}
NUMBERS = {
    RENAMED.get(plain, plain): number
    for plain, number in ((key[3:].lower(), n) for key, n in types_pb2.DataType.items())
}
BAD_TENSOR = "Ask whoever made it."


def numpy_dtype(name: str) -> np.dtype[Any] | None:
    """NumPy's own for one of TensorFlow's names; None for those whose values NumPy does not have, such as resource."""
    number = NUMBERS.get(name)
    if number is None:
        return None
    if number == types_pb2.DT_STRING:
        return TEXTS
    known = number in FIELDS or number in PAIRS or number in BITS
    return np.dtype(name) if known else None


def proto_of(array: np.ndarray) -> tensor_pb2.TensorProto:
    """A tensor as raw bytes; texts one by one."""
    if array.dtype == TEXTS:
        proto = tensor_pb2.TensorProto(dtype=types_pb2.DT_STRING, string_val=array.ravel().tolist())
    else:
        raw = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
        proto = tensor_pb2.TensorProto(dtype=NUMBERS[array.dtype.name], tensor_content=raw)
    proto.tensor_shape.SetInParent()  # that of a scalar, too
    for length in array.shape:
        proto.tensor_shape.dim.add(size=length)
    return proto


def array_of(proto: tensor_pb2.TensorProto) -> np.ndarray:
    """The array in a message, whichever of its two encodings it has.

    Raises:
        SavedModelError: the values do not fit the shape or the dtype, are too many, or of a dtype without values.
    """
    name = dtype_name(proto.dtype)
    dtype, shape = numpy_dtype(name), [dimension.size for dimension in proto.tensor_shape.dim]
    if dtype is None:
        raise SavedModelError(f"A tensor of {name} has no values that could be shown.", "Leave it out.")
    count = math.prod(shape)
    if min(shape, default=0) < 0 or count * dtype.itemsize > MOST_BYTES:
        raise SavedModelError(f"A tensor claims the shape {shape}, which no message holds.", BAD_TENSOR)
    try:
        return _filled(_values(proto, dtype), count).reshape(shape)
    except (ValueError, OverflowError) as error:
        raise SavedModelError(
            f"The values of a tensor of {name} and shape {shape} are damaged: {error}.", BAD_TENSOR
        ) from error


def _values(proto: tensor_pb2.TensorProto, dtype: np.dtype) -> np.ndarray:
    if dtype == TEXTS:
        if proto.tensor_content:
            raise ValueError("texts stand in it as raw bytes, as TensorFlow never sends them")
        texts = np.empty(len(proto.string_val), object)
        texts[:] = list(proto.string_val)
        return texts
    if proto.tensor_content:
        return np.frombuffer(proto.tensor_content, dtype.newbyteorder("<")).astype(dtype)
    if proto.dtype in BITS:
        return np.array(proto.half_val, np.uint16).view(dtype)
    if proto.dtype in PAIRS:
        halves = np.array(getattr(proto, PAIRS[proto.dtype]), np.float64)
        return (halves[::2] + 1j * halves[1::2]).astype(dtype)
    return np.array(getattr(proto, FIELDS[proto.dtype].name), dtype)


def _filled(values: np.ndarray, count: int) -> np.ndarray:
    """The last value stands for all that follow; none at all is zeros."""
    if values.size in (count, 0):
        nothing = b"" if values.dtype == TEXTS else 0
        return values if values.size == count else np.full(count, nothing, values.dtype)
    if values.size > count:
        raise ValueError(f"there are {values.size} of them")
    return np.pad(values, (0, count - values.size), mode="edge")
