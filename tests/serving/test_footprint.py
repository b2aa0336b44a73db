"""A run for which there is no memory is refused before it starts, with the estimate and what helps."""

from __future__ import annotations

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2

from nst_export.free_memory import free_bytes
from nst_serving.errors import RequestError, out_of_memory
from nst_serving.memory import BYTES_PER_PIXEL, Footprint, check_memory, content_in_words, footprint_of

WHOLE = Footprint(bytes_per_pixel=1000.0, tile_pixels=4_000_000)
MEMINFO = "MemTotal: 64000000 kB\nMemAvailable:   32000000 kB\n"


def request(height: int, width: int, **inputs: object) -> predict_pb2.PredictRequest:
    made = predict_pb2.PredictRequest()
    made.inputs["content"].CopyFrom(tf.make_tensor_proto(np.uint8(0), shape=[height, width, 3]))
    for name, value in {"iterations": np.int32(1), **inputs}.items():
        made.inputs[name].CopyFrom(tf.make_tensor_proto(value))
    return made


def test_a_run_needs_the_features_of_a_tile_and_pictures_of_its_own_size():
    assert WHOLE.least_bytes(1_000_000) == 1_000_000 * (1000 + BYTES_PER_PIXEL)
    assert WHOLE.least_bytes(16_000_000) == 4_000_000 * 1000 + 16_000_000 * BYTES_PER_PIXEL


def test_the_refusal_has_the_size_the_estimate_what_is_free_and_two_remedies():
    with pytest.raises(RequestError) as refusal:
        check_memory(WHOLE, request(1000, 2000), free=1_500_000_000)
    assert refusal.value.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert refusal.value.message == (
        "The server has not enough memory for content of 2000 x 1000 pixels: 2.1 GB at least, and 1.5 GB are free. "
        "A model exported with --tile-pixels 1000000 needs less"
    )


def test_the_start_of_a_run_is_refused_too_and_an_evaluation_is_not():
    asked = request(1000, 2000)
    del asked.inputs["iterations"]
    asked.model_spec.signature_name = "evaluate"
    check_memory(WHOLE, asked, free=0)
    asked.model_spec.signature_name = "stylize_start"
    with pytest.raises(RequestError, match=r"2\.1 GB at least"):
        check_memory(WHOLE, asked, free=0)


@pytest.mark.parametrize(
    ("footprint", "asked", "free"),
    [
        (WHOLE, request(1000, 2000), 3_000_000_000),
        (WHOLE, request(1000, 2000), None),
        (None, request(1000, 2000), 0),
        (WHOLE, predict_pb2.PredictRequest(), 0),
        (WHOLE, request(1000, 2000, sizes=np.int32([100, 500])), 500_000_000),
    ],
    ids=["enough", "not known", "another maker's model", "no pictures", "a plan that stays small"],
)
def test_nothing_else_is_refused(footprint, asked, free):
    check_memory(footprint, asked, free)


@pytest.mark.parametrize("sizes", [np.int32([]), np.int32([0]), np.float32([np.nan]), np.array([b"large"])])
def test_sizes_that_are_none_are_left_to_the_graph(sizes):
    with pytest.raises(RequestError, match="2000 x 1000"):
        check_memory(WHOLE, request(1000, 2000, sizes=sizes), free=0)


def test_the_footprint_is_that_of_the_features_twice_and_of_the_models_tiles(tiny_model_dir):
    channels = np.array([2 * 64, 2 * 128, 4 * 256, 4 * 512, 2 * 512]) / 16  # the tiny network's
    features = (channels * 0.25 ** np.arange(5)).sum()
    footprint = footprint_of(tiny_model_dir / "1")
    assert footprint is not None
    assert footprint.bytes_per_pixel == pytest.approx(2 * 4 * features)


def test_the_footprint_of_another_makers_model_is_not_known(tmp_path):
    assert footprint_of(tmp_path) is None


@pytest.mark.parametrize(
    ("meminfo", "limits", "expected"),
    [
        (MEMINFO, ["max\n", ""], 32_768_000_000),
        (MEMINFO, ["1000000000\n"], 1_000_000_000),
        ("", ["1000000000\n"], None),
    ],
    ids=["no limit", "a container's limit", "no /proc/meminfo"],
)
def test_what_is_free_is_the_least_of_what_the_system_and_its_containers_say(meminfo, limits, expected):
    assert free_bytes(meminfo, limits) == expected


def test_running_out_in_the_middle_names_the_picture():
    error = tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor with shape[1,9]")
    refusal = out_of_memory(error, content_in_words(request(480, 640)))
    assert refusal.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert refusal.message == (
        "The server has not enough memory for content of 640 x 480 pixels: OOM when allocating tensor with shape[1,9]"
    )
