"""Methods that make no sense for style transfer, and methods that there are not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import grpc
import pytest
from tensorflow_serving.apis import classification_pb2, inference_pb2, regression_pb2

from tests.conformance.calls import (
    INVALID,
    TIMEOUT_SECONDS,
    check_it_serves,
    fill_spec,
    predict_request,
    refusal,
    words,
)

UNIMPLEMENTED = grpc.StatusCode.UNIMPLEMENTED
NOT_FOUND = grpc.StatusCode.NOT_FOUND
REQUESTS = {
    "Classify": classification_pb2.ClassificationRequest,
    "Regress": regression_pb2.RegressionRequest,
    "MultiInference": inference_pb2.MultiInferenceRequest,
}


class Other(NamedTuple):
    """A call that the stock server refuses for what is wrong with it, and the embedded one as a whole."""

    method: str
    name: str
    text: str
    fact: str
    spec: dict[str, Any] | None = None
    code: grpc.StatusCode = INVALID

    def __str__(self) -> str:
        return f"{self.method}, {self.name}"


NO_NAME = "ModelSpec has no name specified."
NO_MODEL = "Servable not found for request: Latest(no-such-model)"
NO_SIGNATURE = "No signature was found with the name: paint"
OTHERS = [
    Other("Classify", "no model_spec", "Missing ModelSpec", "classification_service.cc:38"),
    Other("Classify", "no name", NO_NAME, "server_core.cc:844", {"name": ""}),
    Other("Classify", "no model", NO_MODEL, "basic_manager.cc:139", {"name": "no-such-model"}, NOT_FOUND),
    Other("Classify", "no signature", NO_SIGNATURE, "classifier.cc:160", {"signature_name": "paint"}),
    Other("Classify", "a predict signature", "Expected one input Tensor.", "classifier.cc:186", {}),
    Other("Regress", "no model_spec", "Missing ModelSpec", "regression_service.cc:36"),
    Other("Regress", "no model", NO_MODEL, "basic_manager.cc:139", {"name": "no-such-model"}, NOT_FOUND),
    Other("Regress", "no signature", NO_SIGNATURE, "regressor.cc:155", {"signature_name": "paint"}),
    Other("Regress", "a predict signature", "Expected one input Tensor.", "regressor.cc:180", {}),
    Other("MultiInference", "no task", NO_NAME, "multi_inference_helper.cc, server_core.cc:844"),
    Other(
        "MultiInference", "no signature", "Requested signature not found in model graph: paint",
        "multi_inference.cc:68", {"signature_name": "paint"},
    ),
    Other(
        "MultiInference", "another method", "Unsupported signature method_name: ", "multi_inference.cc:80", {},
        UNIMPLEMENTED,
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", OTHERS, ids=str)
def test_classification_and_regression_are_refused(stubs, target, case):
    """The embedded server does not have them: UNIMPLEMENTED says so better than a complaint about the signature."""
    request = REQUESTS[case.method]()
    if case.spec is not None:
        spec = request.tasks.add().model_spec if case.method == "MultiInference" else request.model_spec
        fill_spec(spec, {"name": target.model} | case.spec)
    code, text = refusal(getattr(stubs.prediction, case.method), request)
    assert code is UNIMPLEMENTED or (code, text) == (case.code, words(target, case.text)), case.fact


PATHS = [
    "/tensorflow.serving.PredictionService/PredictStreamed",
    "/tensorflow.serving.PredictionService/predict",
    "/tensorflow.serving.SessionService/SessionRun",
    "/no.such.Service/Method",
]


def raw_call(channel: grpc.Channel, path: str) -> Callable[..., bytes]:
    """A method by its path, bytes in and bytes out."""
    return channel.unary_unary(path, request_serializer=bytes, response_deserializer=bytes)


@pytest.mark.fact("grpc, Server::UnimplementedAsyncRequest")
@pytest.mark.parametrize("path", PATHS)
def test_an_unknown_method_is_unimplemented(stubs, target, path):
    """The stock server's text is empty; one that says more is welcome to."""
    code, _ = refusal(raw_call(stubs.channel, path), predict_request(target).SerializeToString())
    assert code is UNIMPLEMENTED


@pytest.mark.fact("seen on 2.20.0: UNIMPLEMENTED with an empty text")
def test_predict_does_not_stream(stubs, target):
    message = predict_request(target).SerializeToString()
    path = "/tensorflow.serving.PredictionService/PredictStreamed"
    stream = stubs.channel.stream_stream(path, request_serializer=bytes, response_deserializer=bytes)
    with pytest.raises(grpc.RpcError) as error:
        list(stream(iter([message]), timeout=TIMEOUT_SECONDS))
    assert error.value.code() is UNIMPLEMENTED
    check_it_serves(stubs, target)
