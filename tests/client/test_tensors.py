"""Arrays travel as TensorProtos; TensorFlow's own conversion is the reference."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from nst_client.errors import BadAnswer
from nst_client.protocol import tensor_pb2, types_pb2
from nst_client.tensors import array_of, tensor_of

GENERATOR = np.random.default_rng(5)
ARRAYS = {
    "uint8": GENERATOR.integers(0, 256, (3, 4, 3), np.uint8),
    "int32": GENERATOR.integers(-(2**31), 2**31, (5,), np.int32),
    "float32": GENERATOR.normal(size=(2, 3)).astype(np.float32),
    "special floats": np.array([np.nan, np.inf, -np.inf, -0.0, 1e-45], np.float32),
    "scalar": np.asarray(7, np.int32),
    "empty": np.zeros((0, 4), np.float32),
}


def bits(array: np.ndarray) -> tuple[object, ...]:
    return array.dtype, array.shape, array.tobytes()


@pytest.mark.parametrize("array", ARRAYS.values(), ids=ARRAYS)
def test_tensorflow_reads_what_is_sent(array: np.ndarray):
    assert bits(tf.make_ndarray(tensor_of(array))) == bits(array)


@pytest.mark.parametrize("array", ARRAYS.values(), ids=ARRAYS)
def test_an_array_comes_back_bit_for_bit(array: np.ndarray):
    assert bits(array_of(tensor_of(array))) == bits(array)


@pytest.mark.parametrize("array", ARRAYS.values(), ids=ARRAYS)
def test_what_tensorflow_sends_is_read(array: np.ndarray):
    assert bits(array_of(tf.make_tensor_proto(array))) == bits(array)


def test_an_array_that_is_a_view_is_sent_in_its_own_order():
    view = ARRAYS["uint8"].transpose(1, 0, 2)[::-1, ::2]
    assert np.array_equal(tf.make_ndarray(tensor_of(view)), view)


def test_both_encodings_of_a_uint8_reply_are_read():
    values = np.array([[0, 1], [254, 255]], np.uint8)
    typed = tensor_pb2.TensorProto(dtype=types_pb2.DT_UINT8, int_val=values.ravel().tolist())
    typed.tensor_shape.CopyFrom(tensor_of(values).tensor_shape)
    assert not typed.tensor_content
    assert tensor_of(values).tensor_content
    assert bits(array_of(typed)) == bits(array_of(tensor_of(values))) == bits(values)


def test_a_short_typed_field_repeats_its_last_value():
    short = tensor_pb2.TensorProto(dtype=types_pb2.DT_FLOAT, float_val=[1, 2])
    short.tensor_shape.dim.add(size=2)
    short.tensor_shape.dim.add(size=3)
    assert array_of(short).tolist() == [[1, 2, 2], [2, 2, 2]]
    assert bits(array_of(short)) == bits(tf.make_ndarray(short))


def proto(dtype: int, shape: list[int], **fields) -> tensor_pb2.TensorProto:
    made = tensor_pb2.TensorProto(dtype=dtype, **fields)
    for length in shape:
        made.tensor_shape.dim.add(size=length)
    return made


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (proto(types_pb2.DT_DOUBLE, [1], double_val=[1]), "a tensor of DT_DOUBLE"),
        (proto(types_pb2.DT_STRING, [1], string_val=[b"a"]), "a tensor of DT_STRING"),
        (proto(types_pb2.DT_INVALID, []), "a tensor of DT_INVALID"),
        (proto(9999, []), "a tensor of the unknown type 9999"),
        (proto(types_pb2.DT_FLOAT, [2]), r"0 values for a tensor of shape \[2\]"),
        (proto(types_pb2.DT_FLOAT, [2], float_val=[1, 2, 3]), r"3 values for a tensor of shape \[2\]"),
        (proto(types_pb2.DT_INT32, [2], tensor_content=bytes(4)), r"1 values for a tensor of shape \[2\]"),
        (proto(types_pb2.DT_INT32, [1], tensor_content=bytes(5)), "values that are not of their type"),
        (proto(types_pb2.DT_UINT8, [1], int_val=[256]), "values that are not of their type"),
        (proto(types_pb2.DT_FLOAT, [-1, -1], float_val=[1]), r"shape \[-1, -1\]"),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "",
)
def test_a_tensor_outside_the_contract_is_a_bad_answer(bad: tensor_pb2.TensorProto, words: str):
    with pytest.raises(BadAnswer, match=words) as caught:
        array_of(bad)
    assert "nst export" in caught.value.remedy
