"""What every conformance test does: build a request for whatever is served, send it, and read the refusal."""

from __future__ import annotations

import functools
import json
import re
import string
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2
from tensorflow.core.protobuf import meta_graph_pb2
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from tests.conftest import picture

OPTIONS = [
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.enable_retries", 0),  # a test must see the first answer
]
TIMEOUT_SECONDS = 120  # a guard: no test depends on it

INVALID = grpc.StatusCode.INVALID_ARGUMENT
SEEN = "seen on 2.20.0"  # the beginning of a fact that was watched on the real server, not only read in its source


class Limits(NamedTuple):
    """What the model card says that the served model accepts."""

    min_side: int
    max_pixels: int
    max_iterations: int


class Target(NamedTuple):
    """A server, reduced to what a client can know of it."""

    address: str
    rest: str
    model: str
    version: int
    limits: Limits
    signatures: Mapping[str, meta_graph_pb2.SignatureDef]


class Stubs(NamedTuple):
    """One channel to the target, and its two services."""

    channel: grpc.Channel
    prediction: prediction_service_pb2_grpc.PredictionServiceStub
    models: model_service_pb2_grpc.ModelServiceStub


class Case(NamedTuple):
    """One request that is refused, in all that makes it differ from a good one, and the refusal."""

    name: str
    text: str | re.Pattern[str]  # a text may hold $model, $inputs, $max_iterations, ...: see `words`
    fact: str
    code: grpc.StatusCode = INVALID
    signature: str = ""
    spec: Mapping[str, Any] = {}  # its texts too
    change: Mapping[str, Any] = {}  # by input: a value, a function of the limits, a TensorProto; None leaves it out
    output_filter: Sequence[str] = ()

    def __str__(self) -> str:
        return self.name


def stubs_of(channel: grpc.Channel) -> Stubs:
    """The services behind a channel."""
    prediction = prediction_service_pb2_grpc.PredictionServiceStub(channel)
    return Stubs(channel, prediction, model_service_pb2_grpc.ModelServiceStub(channel))


def target_at(address: str, rest: str, model: str) -> Target:
    """The target at an address, with its version, limits and signatures as it tells them itself."""
    with grpc.insecure_channel(address, OPTIONS) as channel:
        stubs = stubs_of(channel)
        described = predict_pb2.PredictRequest()
        described.model_spec.name = model
        described.model_spec.signature_name = "describe"
        reply = stubs.prediction.Predict(described, timeout=TIMEOUT_SECONDS, wait_for_ready=True)
        card = json.loads(tf.make_ndarray(reply.outputs["model_card"]).item())
        limits = Limits(**{name: card["limits"][name] for name in Limits._fields})
        asked = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
        asked.model_spec.name = model
        metadata = stubs.prediction.GetModelMetadata(asked, timeout=TIMEOUT_SECONDS)
    signatures = get_model_metadata_pb2.SignatureDefMap()
    metadata.metadata["signature_def"].Unpack(signatures)
    version = reply.model_spec.version.value
    return Target(address, rest, model, version, limits, dict(signatures.signature_def))


def tensor(value: Any) -> tensor_pb2.TensorProto:
    """A request's tensor, compact where it can be."""
    return value if isinstance(value, tensor_pb2.TensorProto) else tf.make_tensor_proto(value)


def strings_of(proto: tensor_pb2.TensorProto) -> list[bytes]:
    """A vector of strings in either encoding; `tf.make_ndarray` reads one of them alone."""
    return list(tf.io.parse_tensor(proto.SerializeToString(), tf.string).numpy())


def good_state(target: Target) -> list[bytes]:
    """The state before the first iteration on the good pictures, as the target gives it."""
    return list(_start(target.address, target.model, target.limits.min_side))


@functools.cache
def _start(address: str, model: str, side: int) -> tuple[bytes, ...]:
    request = predict_pb2.PredictRequest()
    fill_spec(request.model_spec, {"name": model, "signature_name": "stylize_start"})
    for name, value in good_pictures(side).items():
        request.inputs[name].CopyFrom(tensor(value))
    with grpc.insecure_channel(address, OPTIONS) as channel:
        reply = stubs_of(channel).prediction.Predict(request, timeout=TIMEOUT_SECONDS)
    return tuple(strings_of(reply.outputs["state_bytes"]))


def good_pictures(side: int) -> dict[str, np.ndarray]:
    """A content and a style, as small as they may be."""
    return {"content": picture(side, side + 8, seed=1), "style": picture(side + 4, side, seed=2)}


def good_inputs(target: Target, signature: str) -> dict[str, Any]:
    """The required inputs of a signature, as small as they may be."""
    side = target.limits.min_side
    pictures = good_pictures(side)
    inputs: dict[str, Any] = {**pictures, "image": picture(side, side + 8, seed=3)}
    inputs |= {"iterations": np.int32(2), "size": np.int32(0)}
    inputs |= {f"{name}_bytes": tf.io.encode_png(value).numpy() for name, value in pictures.items()}
    served = target.signatures.get(signature or "serving_default", target.signatures["serving_default"])
    if "state_bytes" in served.inputs:
        inputs["state_bytes"] = good_state(target)
    return {name: value for name, value in inputs.items() if name in served.inputs}


def predict_request(
    target: Target,
    signature: str = "",
    *,
    spec: Mapping[str, Any] | None = None,
    change: Mapping[str, Any] | None = None,
    output_filter: Sequence[str] = (),
) -> predict_pb2.PredictRequest:
    """A request that is good but for `spec` (fields of model_spec) and `change` (inputs; None leaves one out)."""
    request = predict_pb2.PredictRequest(output_filter=output_filter)
    fill_spec(request.model_spec, {"name": target.model, "signature_name": signature} | dict(spec or {}))
    for name, value in (good_inputs(target, signature) | dict(change or {})).items():
        if value is not None:
            request.inputs[name].CopyFrom(tensor(value(target.limits) if callable(value) else value))
    return request


def fill_spec(spec: Any, fields: Mapping[str, Any]) -> None:
    """Sets a ModelSpec's fields; `version` is a message of its own."""
    for name, value in fields.items():
        if name == "version":
            spec.version.value = value
        else:
            setattr(spec, name, value)


def words(target: Target, text: str) -> str:
    """A text with what it says of the served model filled in."""
    default = target.signatures["serving_default"]
    names = {
        "model": target.model,
        "inputs": ",".join(sorted(default.inputs)),
        "defaults": ",".join(sorted(default.defaults)),
        "count": str(len(default.inputs)),
        "feed_iterations": default.inputs["iterations"].name,
        **{name: str(limit) for name, limit in target.limits._asdict().items()},
    }
    return string.Template(text).substitute(names)


def refusal(method: Callable[..., Any], request: Any) -> tuple[grpc.StatusCode, str]:
    """The code and text with which a call fails."""
    with pytest.raises(grpc.RpcError) as error:
        method(request, timeout=TIMEOUT_SECONDS)
    return error.value.code(), error.value.details() or ""


def check_refusal(stubs: Stubs, target: Target, case: Case) -> None:
    """Sends a case's request and compares code and text."""
    spec = {name: words(target, value) if isinstance(value, str) else value for name, value in case.spec.items()}
    request = predict_request(target, case.signature, spec=spec, change=case.change, output_filter=case.output_filter)
    code, text = refusal(stubs.prediction.Predict, request)
    if isinstance(case.text, str):
        assert (code, text) == (case.code, words(target, case.text)), case.fact
    else:
        assert code is case.code, f"{case.fact}: {text}"
        assert case.text.search(text), f"{case.fact}: {text}"


def check_first_state(target: Target, state: list[bytes]) -> None:
    """A header, a picture of the content's size, Adam's two moments, two numbers, and what Adam has no use for."""
    header, *parts = state
    assert header.startswith(b"nst-state/")
    picture_bytes = good_inputs(target, "")["content"].size * 4
    assert sorted(map(len, parts)) == [0, 0, 0, 4, 4, picture_bytes, 2 * picture_bytes]


def check_it_serves(stubs: Stubs, target: Target) -> None:
    """A small good request is answered."""
    reply = stubs.prediction.Predict(predict_request(target), timeout=TIMEOUT_SECONDS)
    assert tf.make_ndarray(reply.outputs["losses"]).shape == (2, 4)


def check_it_serves_again(stubs: Stubs, target: Target) -> None:
    """A small good request is answered as soon as threads that cancelled calls hold for a moment are free again."""
    end = time.monotonic() + TIMEOUT_SECONDS
    while True:
        try:
            check_it_serves(stubs, target)
        except grpc.RpcError as error:
            if error.code() is not grpc.StatusCode.RESOURCE_EXHAUSTED or time.monotonic() >= end:
                raise
            time.sleep(0.1)
        else:
            return


def version_states(stubs: Stubs, target: Target) -> list[tuple[int, int]]:
    """Every known version of the model with its state."""
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = target.model
    reply = stubs.models.GetModelStatus(request, timeout=TIMEOUT_SECONDS)
    return [(status.version, status.state) for status in reply.model_version_status]
