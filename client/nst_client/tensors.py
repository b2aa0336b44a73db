"""Arrays to TensorProtos and back, without TensorFlow."""

from __future__ import annotations

from typing import Any

import numpy as np

from nst_client.errors import BadAnswer
from nst_client.protocol import tensor_pb2, types_pb2

# dtype by TensorProto's enum, and the typed field in which a server may send it (tensor.proto).
FIELDS: dict[int, tuple[Any, str]] = {
    types_pb2.DT_FLOAT: (np.float32, "float_val"),
    types_pb2.DT_INT32: (np.int32, "int_val"),
    types_pb2.DT_UINT8: (np.uint8, "int_val"),
}
ENUMS = {np.dtype(dtype): enum for enum, (dtype, _) in FIELDS.items()}


def tensor_of(value: np.ndarray) -> tensor_pb2.TensorProto:
    """A tensor of float32, int32 or uint8 in the compact encoding, raw bytes."""
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
        name = types_pb2.DataType.Name(proto.dtype)
        raise BadAnswer(f"The server sent a tensor of {name}.", "Check that the model is one that nst exported.")
    dtype, field = FIELDS[proto.dtype]
    shape = [dim.size for dim in proto.tensor_shape.dim]
    size = int(np.prod(shape))
    if proto.tensor_content:
        values = np.frombuffer(proto.tensor_content, np.dtype(dtype).newbyteorder("<")).astype(dtype)
    else:
        values = np.array(getattr(proto, field), dtype)
        if 0 < values.size < size:
            values = np.pad(values, (0, size - values.size), mode="edge")
    if values.size != size:
        raise BadAnswer(f"The server sent {values.size} values for a tensor of shape {shape}.", "Try again.")
    return values.reshape(shape)
