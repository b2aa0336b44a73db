"""Small values of TensorFlow's messages, against TensorFlow's own writer of them."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from nst_export.saved_model.messages import tensor_pb2, tensor_shape_pb2, types_pb2
from nst_export.saved_model.tensor_values import dtype_name, shape_of, shortest, value_of

NUMBERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64"]


@pytest.mark.parametrize("dtype", NUMBERS)
def test_numbers_come_back_as_they_were(dtype):
    assert value_of(tf.make_tensor_proto(np.array(7, dtype))) == 7
    assert value_of(tf.make_tensor_proto(np.array([1, 2, 3], dtype))) == (1, 2, 3)
    assert value_of(tf.make_tensor_proto(np.zeros([0], dtype))) == ()


def test_truths_and_texts_come_back_as_they_were():
    assert value_of(tf.make_tensor_proto([True, False])) == (True, False)
    assert value_of(tf.make_tensor_proto(["ä", ""])) == ("ä", "")


def test_one_value_stands_for_all_that_follow_it():
    tensor = tensor_pb2.TensorProto(dtype=types_pb2.DT_INT32, int_val=[1, 5])
    tensor.tensor_shape.dim.add(size=4)
    assert value_of(tensor) == (1, 5, 5, 5)


def test_a_float32_has_the_digits_that_tell_it_from_others():
    assert value_of(tf.make_tensor_proto(0.1, tf.float32)) == 0.1
    assert shortest(float(np.float32(1 / 3))) == 0.33333334
    assert value_of(tf.make_tensor_proto([float("inf"), float("nan")], tf.float32)) == ("inf", "nan")


@pytest.mark.parametrize(
    "tensor",
    [
        tf.make_tensor_proto(np.zeros([17])),
        tf.make_tensor_proto("x" * 81),
        tf.make_tensor_proto(b"\xff\xfe"),
        tf.make_tensor_proto(1j),
        tensor_pb2.TensorProto(dtype=types_pb2.DT_INT32, tensor_content=b"12345"),
        tensor_pb2.TensorProto(
            dtype=types_pb2.DT_INT32, tensor_shape=tensor_shape_pb2.TensorShapeProto(unknown_rank=True)
        ),
    ],
    ids=["many", "a long text", "no text", "complex", "too many bytes", "any rank"],
)
def test_what_cannot_be_shown_is_none(tensor):
    assert value_of(tensor) is None


def test_more_elements_than_memory_holds_are_none():
    tensor = tensor_pb2.TensorProto(dtype=types_pb2.DT_INT32, int_val=[1])
    tensor.tensor_shape.dim.add(size=2**62)
    assert value_of(tensor) is None


@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16, tf.float32, tf.float64, tf.string, tf.bool, tf.resource])
def test_types_have_tensorflows_names(dtype):
    assert dtype_name(dtype.as_datatype_enum) == dtype.name


def test_a_reference_has_the_name_of_its_type_and_an_unknown_type_its_number():
    assert dtype_name(types_pb2.DT_FLOAT_REF) == "float32"
    assert dtype_name(77) == "77"


def test_open_lengths_and_ranks_are_none():
    assert shape_of(tf.TensorShape([None, 3]).as_proto()) == (None, 3)
    assert shape_of(tf.TensorShape(None).as_proto()) is None
