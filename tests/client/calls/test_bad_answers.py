"""A server that answers something else than the contract says is found out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import (
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from nst_client import errors
from nst_client.calls.style_client import StyleClient, VersionStatus

States = get_model_status_pb2.ModelVersionStatus.State


class AnotherServer(prediction_service_pb2_grpc.PredictionServiceServicer, model_service_pb2_grpc.ModelServiceServicer):
    """Answers whatever `outputs` holds beside a model card, and one of `statuses` after the other."""

    def __init__(self) -> None:
        self.outputs: Mapping[str, tf.Tensor | np.ndarray] = {}
        self.statuses: list[list[tuple[int, str, str]]] = []
        self.address = ""

    def Predict(self, request, context):  # noqa: N802
        outputs = {"model_card": tf.constant(["{}"]), **self.outputs}
        outputs = {name: tf.make_tensor_proto(value) for name, value in outputs.items()}
        return predict_pb2.PredictResponse(outputs=outputs)

    def GetModelStatus(self, request, context):  # noqa: N802
        reply = get_model_status_pb2.GetModelStatusResponse()
        for version, state, message in self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]:
            entry = reply.model_version_status.add(version=version, state=States.Value(state))
            entry.status.error_message = message
        return reply


@pytest.fixture
def another() -> Iterator[AnotherServer]:
    servicer = AnotherServer()
    server = grpc.server(ThreadPoolExecutor(2))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(servicer, server)
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(servicer, server)
    servicer.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    yield servicer
    server.stop(None).wait()


def stylize(server: AnotherServer, content: np.ndarray):
    with StyleClient(server.address) as client:
        return client.stylize(content, content, iterations=3)


def test_an_answer_that_keeps_the_contract_is_taken(another, content):
    losses = np.arange(12, dtype=np.float32).reshape(3, 4)
    another.outputs = {"image": content[::-1], "losses": losses}
    stylized = stylize(another, content)
    assert np.array_equal(stylized.image, content[::-1])
    assert np.array_equal(stylized.losses, losses)


@pytest.mark.parametrize("missing", ["image", "losses"])
def test_a_missing_output_is_named(another, content, missing: str):
    outputs = {"image": content, "losses": np.ones((3, 4), np.float32)}
    another.outputs = {name: value for name, value in outputs.items() if name != missing}
    with pytest.raises(errors.BadAnswer, match=f"The server's answer lacks {missing}"):
        stylize(another, content)


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_a_loss_that_is_no_longer_finite_is_reported_with_its_iteration(another, content, broken: float):
    losses = np.ones((3, 4), np.float32)
    losses[1, 2] = broken
    another.outputs = {"image": content, "losses": losses}
    with pytest.raises(errors.Diverged, match="no longer finite at iteration 1") as caught:
        stylize(another, content)
    assert "smaller learning rate" in caught.value.remedy


@pytest.mark.parametrize(
    "card", [tf.constant(["{broken"]), tf.constant([], tf.string), tf.constant([b"\xff"]), tf.constant(["[]"])]
)
def test_a_model_card_that_is_no_json_object_is_a_bad_answer(another, card: tf.Tensor):
    another.outputs = {"model_card": card}
    with (
        StyleClient(another.address) as client,
        pytest.raises(errors.BadAnswer, match="model card is not a JSON object"),
    ):
        client.describe()


def test_waiting_asks_again_until_a_version_is_available(another):
    another.statuses = [[(2, "START", "")], [(2, "LOADING", "")], [(2, "AVAILABLE", ""), (1, "END", "")]]
    with StyleClient(another.address) as client:
        found = client.wait_until_available(60)
    assert found == [VersionStatus(2, "AVAILABLE", ""), VersionStatus(1, "END", "")]


def test_versions_that_did_not_load_are_listed_with_their_reasons(another):
    another.statuses = [[(3, "END", "out of memory"), (2, "LOADING", "")]]
    with StyleClient(another.address) as client, pytest.raises(errors.ModelNotFound) as caught:
        client.wait_until_available(0)
    assert str(caught.value) == "No version is available: version 3 END out of memory, version 2 LOADING."
