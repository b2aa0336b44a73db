"""A way to raw stubs, and runs of many minutes."""

from __future__ import annotations

import contextlib
import urllib.request
from collections.abc import Iterator

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import model_service_pb2_grpc, predict_pb2, prediction_service_pb2_grpc

from nst_client.calls.transport import OPTIONS
from nst_serving.server import EmbeddedServer
from tests.events import GUARD_SECONDS


@contextlib.contextmanager
def stubs_at(address: str) -> Iterator[tuple]:
    with grpc.insecure_channel(address, OPTIONS) as channel:
        yield (
            prediction_service_pb2_grpc.PredictionServiceStub(channel),
            model_service_pb2_grpc.ModelServiceStub(channel),
        )


def version_at(address: str) -> int:
    """The version that answers, by `describe`: a run would have the runtime prepare it for seconds."""
    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = "nst", "describe"
    with stubs_at(address) as (prediction, _):
        return prediction.Predict(request, timeout=GUARD_SECONDS).model_spec.version.value


def in_flight(server: EmbeddedServer) -> int:
    """How many runs have got their turn, by the server's own metrics."""
    page = urllib.request.urlopen(f"http://{server.rest_address}/monitoring/prometheus/metrics", timeout=60).read()
    line = next(line for line in page.decode().splitlines() if line.startswith(":nst_serving:in_flight"))
    return int(float(line.split()[-1]))


def long_request(iterations: int = 100_000, model: str = "nst") -> predict_pb2.PredictRequest:
    request = predict_pb2.PredictRequest()
    request.model_spec.name = model
    black = np.zeros((128, 128, 3), np.uint8)
    for name, value in {"content": black, "style": black, "iterations": np.int32(iterations)}.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
    return request
