"""Predict's inputs: which ones, in which encodings, and what the graph then refuses."""

from __future__ import annotations

import re

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2, types_pb2

from tests.conformance.calls import (
    TIMEOUT_SECONDS,
    Case,
    check_it_serves,
    check_refusal,
    good_inputs,
    predict_request,
)
from tests.conformance.protos import packed, typed, uint8_proto

ONE = np.float32(1)
NOT_FOUND_INPUT = (
    "Signature input alias: iterations(feed name: $feed_iterations) not found in request and no default value "
    "provided. Inputs expected to be in the request {%s}, or default input alias set: $defaults"
)
MANY = {f"bogus{n:02}": ONE for n in range(40)}

NAMES = [
    Case(
        "a required input is missing", NOT_FOUND_INPUT % "content,style",
        "tensorflow/cc/saved_model/util.cc, GetInputValues", change={"iterations": None},
    ),
    Case(
        "one name is wrong", NOT_FOUND_INPUT % "content,iters,style",
        "seen on 2.20.0; tensorflow/cc/saved_model/util.cc, GetInputValues",
        change={"iterations": None, "iters": np.int32(1)},
    ),
    Case(
        "all inputs are missing",
        re.compile(r"^Signature input alias: (content|style|iterations)\(feed name: .* request \{\}, or default "),
        "tensorflow/cc/saved_model/util.cc, GetInputValues, in the map's order, which is unspecified",
        change=dict.fromkeys(("content", "style", "iterations")),
    ),
    Case(
        "one is missing of a signature without defaults",
        "input size does not match signature: 2!=3 len({content,style}) != len({content,image,style}). "
        "Sent extra: {}. Missing but required: {image}.",
        "seen on 2.20.0; predict_util.cc:65", signature="evaluate", change={"image": None},
    ),
    Case(
        "all are missing of a signature without defaults",
        "input size does not match signature: 0!=3 len({}) != len({content,image,style}). "
        "Sent extra: {}. Missing but required: {content,image,style}.",
        "predict_util.cc:65", signature="evaluate", change=dict.fromkeys(("content", "style", "image")),
    ),
    Case(
        "one too many of a signature without defaults",
        "input size does not match signature: 4!=3 len({bogus,content,image,style}) != len({content,image,style}). "
        "Sent extra: {bogus}. Missing but required: {}.",
        "predict_util.cc:65", signature="evaluate", change={"bogus": ONE},
    ),
    Case(
        "an input of a signature that has none",
        "input size does not match signature: 1!=0 len({bogus}) != len({}). Sent extra: {bogus}. "
        "Missing but required: {}.",
        "predict_util.cc:65", signature="describe", change={"bogus": ONE},
    ),
    Case(
        "one too many beside defaults",
        "Inputs contains invalid name. Used request inputs: content,iterations,style, "
        "request input: bogus,content,iterations,style",
        "seen on 2.20.0; tensorflow/cc/saved_model/util.cc, GetInputValues", change={"bogus": ONE},
    ),
    Case(
        "more than the signature has",
        re.compile(r"^input size does not match signature: 43!=\d+ len\(\{bogus00,bogus01,"), "predict_util.cc:65",
        change=MANY,
    ),
]  # fmt: skip

PARSING = "tensorflow/core/framework/tensor.cc, Tensor::FromProto"
UNPARSABLE = [
    Case(
        name,
        "tensor parsing error: content",
        "seen on 2.20.0" if name == "too few bytes" else PARSING,
        change={"content": proto},
    )
    for name, proto in {
        "too few bytes": uint8_proto([32, 32, 3], tensor_content=b"short"),
        "too many bytes": uint8_proto([2, 2, 3], tensor_content=bytes(13)),
        "a negative length": uint8_proto([-1, 32, 3], tensor_content=bytes(3072)),
        "a shape past 64 bits": uint8_proto([2**40, 2**40, 3], int_val=[1]),
        "no dtype": uint8_proto([1], dtype=types_pb2.DT_INVALID, int_val=[1]),
        "an unknown dtype": uint8_proto([1], dtype=999, int_val=[1]),
        "a reference": uint8_proto([1], dtype=types_pb2.DT_UINT8_REF, int_val=[1]),
        "strings as bytes": uint8_proto([2], dtype=types_pb2.DT_STRING, tensor_content=b"\1\2ab"),
        "nothing at all": tensor_pb2.TensorProto(),
    }.items()
]


@pytest.mark.parametrize("case", NAMES, ids=str)
def test_inputs_are_the_signatures_or_the_call_is_refused(stubs, target, case):
    check_refusal(stubs, target, case)


@pytest.mark.parametrize("case", UNPARSABLE, ids=str)
def test_a_tensor_that_does_not_parse_is_named(stubs, target, case):
    check_refusal(stubs, target, case)
    check_it_serves(stubs, target)


def answer(stubs, target, **change):
    reply = stubs.prediction.Predict(predict_request(target, change=change), timeout=TIMEOUT_SECONDS)
    return {name: tf.make_ndarray(proto) for name, proto in reply.outputs.items()}


@pytest.mark.fact("tensorflow/core/framework/tensor.cc, Tensor::FromProto")
@pytest.mark.parametrize("encoding", [typed, packed])
def test_typed_values_and_bytes_mean_the_same(stubs, target, encoding):
    inputs = good_inputs(target, "")
    sent = {name: encoding(np.asarray(value)) for name, value in inputs.items()}
    np.testing.assert_array_equal(answer(stubs, target, **sent)["image"], answer(stubs, target)["image"])


ODD_VALUES = {
    "the last value stands for the rest": ([1, 2], [1] + [2] * 3071),
    "no value stands for zeros": ([], [0] * 3072),
    "values beyond the shape are ignored": ([7] * 3072 + [9, 9], [7] * 3072),
    "a value of 300 wraps to 44": ([300], [44] * 3072),
    "a value of -1 wraps to 255": ([-1], [255] * 3072),
}


@pytest.mark.fact("tensorflow/core/framework/tensor.cc, FromProtoField")
@pytest.mark.parametrize("values", ODD_VALUES.values(), ids=ODD_VALUES)
def test_typed_values_need_not_fit_their_shape(stubs, target, values):
    sent, meant = values
    image = np.array(meant, np.uint8).reshape(32, 32, 3)
    pictures = dict.fromkeys(("style", "image"), image[::-1].copy())
    errors = []
    for content in (uint8_proto([32, 32, 3], int_val=sent), image):
        request = predict_request(target, "evaluate", change=pictures | {"content": content})
        reply = stubs.prediction.Predict(request, timeout=TIMEOUT_SECONDS)
        errors.append(tf.make_ndarray(reply.outputs["content_error"]))
    np.testing.assert_array_equal(*errors)
