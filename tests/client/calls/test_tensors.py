"""Arrays and strings travel as TensorProtos; TensorFlow's own conversion is the reference."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from nst_client.calls.protocol import tensor_pb2, types_pb2
from nst_client.calls.style_client import StyleClient
from nst_client.calls.tensors import array_of, strings_of, tensor_of
from nst_client.errors import BadAnswer

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


STRINGS = {
    "none": (),
    "empty": (b"",),
    "empties": (b"", b"", b""),
    "short": (b"a", b"", b"bc\0\xff"),
    "long": tuple(bytes([length % 256]) * length for length in (127, 128, 129, 16383, 16384, 2**21)),
}


@pytest.mark.parametrize("strings", STRINGS.values(), ids=STRINGS)
def test_tensorflow_reads_the_strings_that_are_sent(strings: tuple[bytes, ...]):
    sent = tensor_of(strings)
    assert tf.make_ndarray(sent).tolist() == list(strings)
    read = tf.io.parse_tensor(sent.SerializeToString(), tf.string)
    assert (read.shape, tuple(read.numpy())) == ((len(strings),), strings)


def varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first; the eighth says that more follow."""
    high = bytearray()
    while number > 0x7F:
        high.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*high, number])


@pytest.mark.parametrize("strings", STRINGS.values(), ids=STRINGS)
def test_strings_are_read_in_both_encodings(strings: tuple[bytes, ...]):
    """TensorFlow itself reads the raw one as we do; it has no function in Python that writes it."""
    raw = b"".join(varint(len(string)) for string in strings) + b"".join(strings)
    packed = proto(types_pb2.DT_STRING, [len(strings)], tensor_content=raw)
    assert tuple(tf.io.parse_tensor(packed.SerializeToString(), tf.string).numpy()) == strings
    typed = tf.make_tensor_proto(np.array(strings, object), tf.string)
    assert strings_of(packed) == strings_of(typed) == strings_of(tensor_of(strings)) == strings


def test_real_servers_send_the_strings_of_a_state_in_either_encoding(server, other_server, content, style):
    states = []
    for address in (server.address, other_server.address):
        with StyleClient(address) as client:
            states.append(next(client.watch(content, style, iterations=1)).state)
    assert states[0] == states[1]
    assert len(states[0]) > 1


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (proto(types_pb2.DT_FLOAT, [1], float_val=[1]), "numbers in the place of strings"),
        (proto(types_pb2.DT_STRING, [2], string_val=[b"a"]), "sent 1 strings in a tensor for 2"),
        (proto(types_pb2.DT_STRING, [1], string_val=[b"a", b"b"]), "sent 2 strings in a tensor for 1"),
        (proto(types_pb2.DT_STRING, [1], tensor_content=b"\x02a"), "lengths do not fit"),
        (proto(types_pb2.DT_STRING, [1], tensor_content=b"\x01ab"), "lengths do not fit"),
        (proto(types_pb2.DT_STRING, [3], tensor_content=b"\x01a"), "lengths do not fit"),
        (proto(types_pb2.DT_STRING, [1], tensor_content=b"\x80"), "lengths do not fit"),
        (proto(types_pb2.DT_STRING, [2**40], tensor_content=b"\0\0"), "do not fit|2 strings"),
        (proto(types_pb2.DT_STRING, [3], tensor_content=b"\xff" * 3_000_000), "lengths do not fit"),
        (proto(types_pb2.DT_STRING, [-1], string_val=[b"a"]), "tensor for -1"),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "",
)
def test_strings_outside_the_contract_are_a_bad_answer(bad: tensor_pb2.TensorProto, words: str):
    with pytest.raises(BadAnswer, match=words) as caught:
        strings_of(bad)
    assert "nst export" in caught.value.remedy
