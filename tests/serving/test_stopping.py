"""Runs end when their client no longer waits, and the processor is idle then."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request

import grpc
import pytest

from nst_client import StyleClient
from nst_serving.options import ServerOptions, single_model
from nst_serving.server import EmbeddedServer
from tests.conftest import picture
from tests.events import wait_until
from tests.serving.conftest import in_flight, long_request, stubs_at


@pytest.fixture
def patient_server(patient_model_dir):
    options = ServerOptions(port=0, rest_port=0, running=2, waiting=1, rest_timeout_seconds=0.5, warm_up=False)
    server = EmbeddedServer(single_model("nst", patient_model_dir), options)
    yield server
    server.stop()


def idle() -> bool:
    """Whether this process, the server's too, leaves the processor alone: a run takes all that it can get."""
    start = time.process_time()
    time.sleep(0.5)
    return time.process_time() - start < 0.1


def test_a_deadline_stops_the_run(patient_server):
    with stubs_at(patient_server.address) as (prediction, _):
        with pytest.raises(grpc.RpcError) as error:
            prediction.Predict(long_request(), timeout=1)
        assert error.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
        wait_until(lambda: in_flight(patient_server) == 0)
    wait_until(idle)


def test_a_cancelled_call_stops_its_run_and_no_other(patient_server):
    with stubs_at(patient_server.address) as (prediction, _), StyleClient(patient_server.address) as client:
        call = prediction.Predict.future(long_request(), timeout=600)
        wait_until(lambda: in_flight(patient_server) == 1)
        other = prediction.Predict.future(long_request(iterations=200), timeout=600)
        wait_until(lambda: in_flight(patient_server) == 2)
        call.cancel()
        assert len(other.result().outputs["losses"].float_val) == 200 * 4
        wait_until(lambda: in_flight(patient_server) == 0)
        wait_until(idle)
        small = picture(48, 48)
        assert client.stylize(small, small, iterations=2).image.shape == small.shape


def test_a_client_that_disconnects_stops_its_run(patient_server):
    with stubs_at(patient_server.address) as (prediction, _):
        call = prediction.Predict.future(long_request(), timeout=600)  # kept: a call without a reference is cancelled
        wait_until(lambda: in_flight(patient_server) == 1)
    assert call.code() == grpc.StatusCode.CANCELLED
    wait_until(lambda: in_flight(patient_server) == 0)
    wait_until(idle)


def test_a_rest_call_ends_at_the_servers_time_limit(patient_server):
    black = [[[0] * 3] * 64] * 64
    numbers = dict.fromkeys(("content_weight", "style_weight", "tv_weight", "learning_rate"), 1.0)
    body = json.dumps({"inputs": {"content": black, "style": black, "iterations": 100_000, **numbers}}).encode()
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(f"http://{patient_server.rest_address}/v1/models/nst:predict", body, timeout=60)
    with error.value as answer:
        assert answer.code == 504
        assert json.load(answer) == {"error": "Timed out waiting for notification"}
    wait_until(lambda: in_flight(patient_server) == 0)


def test_the_queue_is_bounded_and_short_calls_do_not_stand_in_it(patient_server):
    with stubs_at(patient_server.address) as (prediction, _), StyleClient(patient_server.address) as client:
        calls = [prediction.Predict.future(long_request(), timeout=600) for _ in range(4)]
        wait_until(lambda: any(call.done() for call in calls))  # two run and one stands in line, whichever came last
        assert client.describe()["limits"]["max_iterations"] == 100_000
        assert client.status()[0].state == "AVAILABLE"
        (refused,) = (call for call in calls if call.done())
        assert refused.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        assert refused.details() == "Server Threadpool Exhausted"
        assert in_flight(patient_server) == 2
        for call in calls:
            call.cancel()
        wait_until(lambda: in_flight(patient_server) == 0)


def test_stopping_lets_running_calls_end_and_refuses_new_ones(patient_model_dir):
    options = ServerOptions(port=0, rest_port=0, warm_up=False)
    server = EmbeddedServer(single_model("nst", patient_model_dir), options)
    with stubs_at(server.address) as (prediction, _):
        running = prediction.Predict.future(long_request(iterations=300), timeout=600)
        wait_until(lambda: in_flight(server) == 1)
        server.stop(grace_seconds=600)
        assert len(running.result().outputs["losses"].float_val) == 300 * 4
        with pytest.raises(grpc.RpcError) as error:
            prediction.Predict(long_request(iterations=1), timeout=60)
        assert error.value.code() == grpc.StatusCode.UNAVAILABLE
