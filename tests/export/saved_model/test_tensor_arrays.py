"""Arrays in messages: what TensorFlow's own functions make of them and with them."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from nst_export.errors import SavedModelError
from nst_export.saved_model.messages import tensor_pb2, types_pb2
from nst_export.saved_model.tensor_arrays import TEXTS, array_of, numpy_dtype, proto_of

NUMBERS = [
    "uint8", "int8", "uint16", "int16", "int32", "uint32", "int64", "uint64", "bool", "float16", "bfloat16",
    "float32", "float64", "complex64", "complex128",
]  # fmt: skip


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("shape", [(), (3,), (2, 0), (2, 3)], ids=str)
def test_numbers_are_tensorflows(name, shape):
    array = np.arange(6).astype(numpy_dtype(name))[: int(np.prod(shape))].reshape(shape)
    np.testing.assert_array_equal(tf.make_ndarray(proto_of(array)), array)
    np.testing.assert_array_equal(array_of(tf.make_tensor_proto(array)), array)
    assert array_of(proto_of(array)).dtype == array.dtype == tf.as_dtype(name).as_numpy_dtype


@pytest.mark.parametrize("name", ["float16", "bfloat16", "complex64", "int32"])
def test_typed_fields_are_read(name):
    proto = tensor_pb2.TensorProto(dtype=tf.as_dtype(name).as_datatype_enum)
    proto.tensor_shape.dim.add(size=3)
    array = np.array([1, 2, 2]).astype(numpy_dtype(name))
    if name in ("float16", "bfloat16"):
        proto.half_val.extend(array[:2].view(np.uint16).tolist())
    elif name == "complex64":
        proto.scomplex_val.extend([1, 0, 2, 0])
    else:
        proto.int_val.extend([1, 2])
    np.testing.assert_array_equal(array_of(proto), array)  # the last value stands for the rest


@pytest.mark.parametrize("texts", [b"\0a\0", [b"a", b""], [[b"a"], [b"\xff"]]], ids=str)
def test_texts_keep_every_byte(texts):
    array = np.array(texts, object)
    back = array_of(proto_of(array))
    assert back.dtype == TEXTS
    assert back.tolist() == array.tolist() == tf.make_ndarray(proto_of(array)).tolist()


def test_resources_have_no_values():
    assert numpy_dtype("resource") is None
    assert numpy_dtype("nonsense") is None
    with pytest.raises(SavedModelError, match="A tensor of resource has no values"):
        array_of(tensor_pb2.TensorProto(dtype=types_pb2.DT_RESOURCE))


@pytest.mark.parametrize(
    ("sides", "values", "words"),
    [
        ([2**40], {"float_val": [1.0]}, "which no message holds"),
        ([-1], {}, "which no message holds"),
        ([2], {"tensor_content": b"abc"}, "are damaged"),
        ([2], {"tensor_content": b"abcd" * 3}, "there are 3 of them"),
        ([1], {"float_val": [1.0, 2.0]}, "there are 2 of them"),
    ],
)
def test_a_message_that_lies_is_refused(sides, values, words):
    proto = tensor_pb2.TensorProto(dtype=types_pb2.DT_FLOAT, **values)
    for side in sides:
        proto.tensor_shape.dim.add(size=side)
    with pytest.raises(SavedModelError, match=words):
        array_of(proto)
