"""Values of options as the graph takes them."""

from __future__ import annotations

import numpy as np
import pytest

from nst_client import errors
from nst_client.calls.inputs import MAX_MESSAGE_BYTES, check_sendable, option_input
from nst_client.calls.protocol import types_pb2
from nst_client.calls.tensors import array_of, strings_of, tensor_of
from nst_client.option import Option


def sent(value: object, kind: object):
    """The tensor of a value for an option of a type."""
    return tensor_of(option_input(Option("A row made up.", name="dummy", type=kind), value))


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (2, float, np.float32(2)),
        (7, int, np.int32(7)),
        ([1, 0.5], list[float], np.asarray([1, 0.5], np.float32)),
        ((64, 128), list[int], np.asarray([64, 128], np.int32)),
        ([], list[float], np.empty(0, np.float32)),
    ],
)
def test_numbers_are_sent_with_the_dtype_and_the_shape_of_their_row(value, kind, expected: np.ndarray):
    array = array_of(sent(value, kind))
    assert (array.dtype, array.shape) == (expected.dtype, expected.shape)
    assert np.array_equal(array, expected)


def test_a_text_is_a_string_and_a_list_of_texts_a_vector():
    one, several = sent("match-pça", str), sent(["a", "b"], list[str])
    assert (one.dtype, len(one.tensor_shape.dim), strings_of(one)) == (types_pb2.DT_STRING, 0, ("match-pça".encode(),))
    assert ([dim.size for dim in several.tensor_shape.dim], strings_of(several)) == ([2], (b"a", b"b"))


def test_a_value_of_another_type_is_refused_by_the_options_name():
    with pytest.raises(errors.RequestRefused, match=r"^dummy: must be a whole number of 32 bits, got 'x'\.$") as raised:
        sent("x", int)
    assert raised.value.input == "dummy"


def test_the_length_of_a_string_counts():
    check_sendable({"color": b"luminance"})
    with pytest.raises(errors.RequestRefused, match="too large"):
        check_sendable({"color": b"x", "state_bytes": [memoryview(bytearray(1)), *[Long()]]})


class Long(bytes):
    """As long as a message may be."""

    def __len__(self) -> int:
        return MAX_MESSAGE_BYTES
