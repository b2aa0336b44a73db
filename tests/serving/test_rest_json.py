"""What a JSON value becomes, as TensorFlow Serving's json_tensor.cc has it."""

from __future__ import annotations

import base64
import math

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import meta_graph_pb2

from nst_serving.errors import RequestError
from nst_serving.rest_json import json_object, predict_request


def read(text: str, dtype: tf.DType):
    """What an input of a type becomes, written as it stands in the body."""
    signature = meta_graph_pb2.SignatureDef()
    signature.inputs["x"].dtype = dtype.as_datatype_enum
    document = json_object(f'{{"signature_name": "s", "inputs": {text}}}'.encode())
    return tf.make_ndarray(predict_request(document, {"s": signature}).inputs["x"])


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1e39", math.inf),
        ("-1e39", -math.inf),
        ("1e308", math.inf),
        ("16777217", 16777216.0),  # needs 25 bits
        ("100000000000000000000000000000000000000000", math.inf),
        ("Infinity", math.inf),
        ("0.1", np.float32(0.1)),
        ("7", 7.0),
    ],
)
def test_a_number_becomes_the_nearest_of_its_type(text, number):
    assert read(text, tf.float32) == number


@pytest.mark.parametrize("text", ["1e400", "-1e400", "1" + "0" * 400])
def test_a_number_that_no_double_holds_is_refused(text):
    with pytest.raises(RequestError, match=r"too (big|large)"):
        read(text, tf.float32)


@pytest.mark.parametrize("data", [b"", b"a", b"ab", b"abc", b"abcd"])
@pytest.mark.parametrize("spelling", ["plain", "broken", "dots", "unpadded"])
def test_base64_is_read_as_the_server_reads_it(data, spelling):
    text = base64.b64encode(data).decode()
    text = {
        "plain": text,
        "broken": r"\r\n \t".join(text),
        "dots": text.replace("=", "."),
        "unpadded": text.rstrip("="),
    }[spelling]
    assert read(f'{{"b64": "{text}"}}', tf.string).item() == data


@pytest.mark.parametrize("text", ["@", "A", "AA=", "AAA==", "A===", "AA=A", "AAAAA", "=", "\u00e9\u00e9\u00e9\u00e9"])
def test_what_is_not_base64_is_refused(text):
    with pytest.raises(RequestError, match="Unable to base64 decode"):
        read(f'{{"b64": "{text}"}}', tf.string)
