from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import grpc
import numpy as np
import pytest
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    prediction_service_pb2_grpc,
)

from nst_client import NstError, StyleClient
from nst_serving.errors import STATUS_CODES, StartError
from nst_serving.options import ServerOptions, single_model
from nst_serving.server import EmbeddedServer
from tests.conftest import picture
from tests.events import GUARD_SECONDS, wait_until
from tests.serving.conftest import in_flight, long_request, stubs_at


@pytest.fixture
def patient_server(patient_model_dir):
    server = EmbeddedServer(single_model("nst", patient_model_dir), ServerOptions(port=0, rest_port=0, warm_up=False))
    yield server
    server.stop()


def test_simultaneous_requests_do_not_see_each_others_state(client):
    """Runs of different sizes, styles and lengths at once give what each gives alone, bit for bit."""
    jobs = [(picture(40 + 8 * n, 64, seed=n), picture(48, 48, seed=9 - n), 3 + n) for n in range(6)]

    def run(job):
        return client.stylize(job[0], job[1], iterations=job[2])

    alone = [run(job) for job in jobs]
    with ThreadPoolExecutor(len(jobs)) as pool:
        together = list(pool.map(run, jobs))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one.image, other.image)
        np.testing.assert_array_equal(one.losses, other.losses)


def test_status_is_answered_while_runs_are_under_way(patient_server):
    with stubs_at(patient_server.address) as (prediction, _), StyleClient(patient_server.address) as client:
        runs = [prediction.Predict.future(long_request()) for _ in range(ServerOptions().running)]
        wait_until(lambda: in_flight(patient_server) == len(runs))
        assert [entry.state for entry in client.status()] == ["AVAILABLE"]
        assert client.describe()["limits"]["max_iterations"] == 100_000
        assert not any(run.done() for run in runs)


def test_a_deadline_ends_the_run_and_the_server_serves_on(patient_server, content, style):
    large = picture(128, 128)
    with StyleClient(patient_server.address) as client:
        with pytest.raises(NstError, match=r"did not answer within 0\.5 s"):
            client.stylize(large, large, iterations=100_000, deadline_seconds=0.5)
        wait_until(lambda: in_flight(patient_server) == 0)
        assert client.stylize(content, style, iterations=1).image.shape == content.shape


def test_metadata_holds_every_signature_with_its_defaults(server):
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    request.model_spec.name = "nst"
    with grpc.insecure_channel(server.address) as channel:
        reply = prediction_service_pb2_grpc.PredictionServiceStub(channel).GetModelMetadata(request, timeout=10)
    assert reply.model_spec.version.value == 1
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert reply.metadata["signature_def"].Unpack(signatures)
    assert {"serving_default", "stylize_encoded", "evaluate", "describe"} <= set(signatures.signature_def)
    defaults = signatures.signature_def["serving_default"].defaults
    assert sorted(defaults) == ["content_weight", "learning_rate", "style_weight", "tv_weight"]


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ([], "GetModelMetadataRequest must specify at least one metadata_field"),
        (["assets"], "Metadata field assets is not supported"),
    ],
)
def test_other_metadata_is_refused(server, fields, text):
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=fields)
    request.model_spec.name = "nst"
    with grpc.insecure_channel(server.address) as channel, pytest.raises(grpc.RpcError) as error:
        prediction_service_pb2_grpc.PredictionServiceStub(channel).GetModelMetadata(request, timeout=10)
    assert (error.value.code(), error.value.details()) == (grpc.StatusCode.INVALID_ARGUMENT, text)


@pytest.mark.parametrize(
    ("name", "version", "text"),
    [
        ("other", None, "Could not find any versions of model other"),
        ("nst", 7, "Could not find version 7 of model nst"),
    ],
)
def test_the_status_of_what_is_not_there_is_not_found(server, name, version, text):
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = name
    if version:
        request.model_spec.version.value = version
    with grpc.insecure_channel(server.address) as channel, pytest.raises(grpc.RpcError) as error:
        model_service_pb2_grpc.ModelServiceStub(channel).GetModelStatus(request, timeout=10)
    assert (error.value.code(), error.value.details()) == (grpc.StatusCode.NOT_FOUND, text)


def test_a_model_folder_without_versions_is_explained(tmp_path):
    with pytest.raises(StartError, match="is empty"):
        EmbeddedServer(single_model("nst", tmp_path), ServerOptions(port=0))
    with pytest.raises(StartError, match="There is no folder"):
        EmbeddedServer(single_model("nst", tmp_path / "nowhere"), ServerOptions(port=0))


def test_a_port_that_is_taken_is_explained(server, tiny_model_dir):
    with pytest.raises(StartError, match="the port is taken"):
        EmbeddedServer(single_model("nst", tiny_model_dir), ServerOptions(port=server.port))


def test_tensorflows_error_codes_are_those_of_grpc():
    assert STATUS_CODES[3] is grpc.StatusCode.INVALID_ARGUMENT
    assert STATUS_CODES[4] is grpc.StatusCode.DEADLINE_EXCEEDED
    assert STATUS_CODES[8] is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert set(range(17)) == set(STATUS_CODES)


@pytest.mark.slow
def test_the_command_serves_until_it_is_told_to_stop(tiny_model_dir, content, style):
    command = [sys.executable, "-m", "nst_client", "serve", str(tiny_model_dir), "--port", "0", "--model-name", "tiny"]
    environment = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        line = process.stdout.readline()
        address = re.fullmatch(r"Serving tiny version 1 at (127\.0\.0\.1:\d+) \(embedded engine\)\.\n", line)[1]
        with StyleClient(address, model="tiny") as client:
            assert client.stylize(content, style, iterations=1).version == 1
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=GUARD_SECONDS)
    assert process.returncode == 0
    assert errors == "Stopping.\n"
