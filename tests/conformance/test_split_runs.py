"""A run split into calls: whatever answers them, the picture and losses of one call, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2

from tests.conformance.calls import (
    TIMEOUT_SECONDS,
    check_first_state,
    check_it_serves,
    good_inputs,
    predict_request,
    strings_of,
)
from tests.conformance.protos import strings_packed, strings_typed

SPLIT = "a prototype was seen on 2.20.0: splits gave the bits of one call"
RUN = {"content_weight": 0.5, "style_weight": 2.0, "tv_weight": 0.25, "learning_rate": 3.0}
NUMBERS = {name: np.float32(value) for name, value in RUN.items()}


def predict(stubs, target, signature="", change=None, **options) -> dict[str, tensor_pb2.TensorProto]:
    request = predict_request(target, signature, change=change, **options)
    return dict(stubs.prediction.Predict(request, timeout=TIMEOUT_SECONDS).outputs)


def run(stubs, target, counts, encoding=strings_typed, numbers=None):
    """The last picture and all losses of `stylize_start` and a `stylize_step` for each count."""
    proto, losses, image = predict(stubs, target, "stylize_start", numbers)["state_bytes"], [], None
    for count in counts:
        change = {"state_bytes": encoding(strings_of(proto)), "iterations": np.int32(count), **(numbers or {})}
        reply = predict(stubs, target, "stylize_step", change)
        proto, image = reply["state_bytes"], tf.make_ndarray(reply["image"])
        losses.append(tf.make_ndarray(reply["losses"]))
    return image, np.concatenate(losses)


def whole(stubs, target, iterations, numbers=None):
    reply = predict(stubs, target, change={"iterations": np.int32(iterations), **(numbers or {})})
    return tf.make_ndarray(reply["image"]), tf.make_ndarray(reply["losses"])


def assert_same_bits(one, other):
    for array, twin in zip(one, other, strict=True):
        np.testing.assert_array_equal(array, twin)


@pytest.mark.fact("predict_util.cc:107; the SavedModel's own signature")
def test_a_start_answers_with_a_state_and_the_content_itself(stubs, target):
    reply = predict(stubs, target, "stylize_start")
    assert sorted(reply) == ["image", "state_bytes"]
    np.testing.assert_array_equal(tf.make_ndarray(reply["image"]), good_inputs(target, "")["content"])
    assert_state_of(target, reply["state_bytes"])


@pytest.mark.fact("predict_util.cc:107; the SavedModel's own signature")
def test_a_step_answers_with_a_state_a_picture_and_its_own_losses(stubs, target):
    reply = predict(stubs, target, "stylize_step", {"iterations": np.int32(3)})
    assert sorted(reply) == ["image", "losses", "state_bytes"]
    assert tf.make_ndarray(reply["losses"]).shape == (3, 4)
    image = tf.make_ndarray(reply["image"])
    assert (image.dtype, image.shape) == (np.uint8, good_inputs(target, "")["content"].shape)
    assert_state_of(target, reply["state_bytes"])


def assert_state_of(target, proto):
    assert proto.dtype == tf.string.as_datatype_enum
    state = strings_of(proto)
    assert [dim.size for dim in proto.tensor_shape.dim] == [len(state)]
    check_first_state(target, state)


@pytest.mark.fact("seen on 2.20.0: typed by default, tensor_content with the flag, strings too")
def test_a_state_comes_as_typed_values_or_as_bytes(stubs, target):
    proto = predict(stubs, target, "stylize_start")["state_bytes"]
    assert bool(proto.string_val) != bool(proto.tensor_content)


@pytest.mark.fact(SPLIT)
@pytest.mark.parametrize("counts", [(6,), (2, 4), (1, 3, 2), (1,) * 6], ids=str)
def test_any_split_gives_the_bits_of_one_call(stubs, target, counts):
    assert_same_bits(run(stubs, target, counts), whole(stubs, target, sum(counts)))


@pytest.mark.fact(SPLIT)
def test_a_split_run_with_numbers_of_its_own_gives_the_bits_of_one_call(stubs, target):
    assert_same_bits(run(stubs, target, (2, 2), numbers=NUMBERS), whole(stubs, target, 4, NUMBERS))


@pytest.mark.fact("tensorflow/core/framework/tensor.cc, Tensor::FromProto")
@pytest.mark.parametrize("encoding", [strings_typed, strings_packed])
def test_a_state_goes_in_as_typed_values_and_as_bytes(stubs, target, encoding):
    assert_same_bits(run(stubs, target, (1, 2), encoding), whole(stubs, target, 3))


@pytest.mark.fact("predict_util.cc:107: a run takes tensors and gives tensors, and nothing else")
def test_a_call_whose_answer_was_lost_is_sent_again(stubs, target):
    first, second = (predict(stubs, target, "stylize_step") for _ in range(2))
    assert strings_of(first["state_bytes"]) == strings_of(second["state_bytes"])


@pytest.mark.slow
@pytest.mark.fact("predict_util.cc:133")
@pytest.mark.parametrize("name", ["state_bytes", "image"])
def test_an_output_alone_is_the_one_among_all(stubs, target, name):
    alone = predict(stubs, target, "stylize_step", output_filter=[name])
    assert list(alone) == [name]
    assert alone[name] == predict(stubs, target, "stylize_step")[name]
    check_it_serves(stubs, target)
