"""Runs end when their client no longer waits, and the processor is idle then."""

from __future__ import annotations

import base64
import json
import os
import shutil
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import grpc
import numpy as np
import pytest
import tensorflow as tf

from nst_client import StyleClient
from nst_serving.options import ServerOptions, single_model
from nst_serving.server import SLACK_SECONDS, EmbeddedServer
from nst_serving.version import State
from tests.conftest import picture
from tests.events import wait_until
from tests.serving.conftest import in_flight, long_request, stubs_at


@pytest.fixture(scope="module")
def hasty_server(tiny_model_dir):
    options = ServerOptions(port=0, rest_port=0, running=2, waiting=1, rest_timeout_seconds=0.5, warm_up=False)
    server = EmbeddedServer(single_model("nst", tiny_model_dir), options)
    yield server
    server.stop()


def idle() -> bool:
    """Whether this process, the server's too, leaves the processor alone: a run takes all that it can get."""
    start = time.process_time()
    time.sleep(0.5)
    return time.process_time() - start < 0.1


def test_a_deadline_stops_the_run(hasty_server):
    with stubs_at(hasty_server.address) as (prediction, _):
        with pytest.raises(grpc.RpcError) as error:
            prediction.Predict(long_request(), timeout=1)
        assert error.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
        wait_until(lambda: in_flight(hasty_server) == 0)
    wait_until(idle)


@pytest.mark.slow
def test_a_cancelled_call_stops_its_run_and_no_other(hasty_server):
    with stubs_at(hasty_server.address) as (prediction, _), StyleClient(hasty_server.address) as client:
        call = prediction.Predict.future(long_request(), timeout=600)
        wait_until(lambda: in_flight(hasty_server) == 1)
        other = prediction.Predict.future(long_request(iterations=100), timeout=600)
        wait_until(lambda: in_flight(hasty_server) == 2)
        call.cancel()
        assert len(other.result().outputs["losses"].float_val) == 100 * 4
        wait_until(lambda: in_flight(hasty_server) == 0)
        wait_until(idle)
        small = picture(48, 48)
        assert client.stylize(small, small, iterations=2).image.shape == small.shape


def test_a_client_that_disconnects_stops_its_run(hasty_server):
    with stubs_at(hasty_server.address) as (prediction, _):
        call = prediction.Predict.future(long_request(), timeout=600)  # kept: a call without a reference is cancelled
        wait_until(lambda: in_flight(hasty_server) == 1)
    assert call.code() == grpc.StatusCode.CANCELLED
    wait_until(lambda: in_flight(hasty_server) == 0)
    wait_until(idle)


def rest_body() -> bytes:
    """A run of many minutes as REST has it."""
    png = {"b64": base64.b64encode(tf.io.encode_png(np.zeros([64, 64, 3], np.uint8)).numpy()).decode()}
    inputs = {"content_bytes": png, "style_bytes": png, "iterations": 100_000, "size": 0}
    return json.dumps({"signature_name": "stylize_encoded", "inputs": inputs}).encode()


@pytest.mark.slow
def test_a_rest_call_ends_at_the_servers_time_limit(hasty_server):
    body = rest_body()
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(f"http://{hasty_server.rest_address}/v1/models/nst:predict", body, timeout=60)
    with error.value as answer:
        assert answer.code == 504
        assert json.load(answer) == {"error": "Timed out waiting for notification"}
    wait_until(lambda: in_flight(hasty_server) == 0)


@pytest.mark.slow
def test_the_queue_is_bounded_and_short_calls_do_not_stand_in_it(hasty_server):
    with stubs_at(hasty_server.address) as (prediction, _), StyleClient(hasty_server.address) as client:
        calls = [prediction.Predict.future(long_request(), timeout=600) for _ in range(4)]
        wait_until(lambda: any(call.done() for call in calls))  # two run and one stands in line, whichever came last
        assert client.describe()["limits"]["max_iterations"] == 100_000
        assert client.status()[0].state == "AVAILABLE"
        (refused,) = (call for call in calls if call.done())
        assert refused.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        assert refused.details() == "Server Threadpool Exhausted"
        assert in_flight(hasty_server) == 2
        for call in calls:
            call.cancel()
        wait_until(lambda: in_flight(hasty_server) == 0)


@pytest.mark.slow
def test_stopping_lets_running_calls_end_and_refuses_new_ones(tiny_model_dir):
    options = ServerOptions(port=0, rest_port=0, warm_up=False)
    server = EmbeddedServer(single_model("nst", tiny_model_dir), options)
    with stubs_at(server.address) as (prediction, _):
        running = prediction.Predict.future(long_request(iterations=100), timeout=600)
        wait_until(lambda: in_flight(server) == 1)
        server.stop(grace_seconds=600)
        assert len(running.result().outputs["losses"].float_val) == 100 * 4
        with pytest.raises(grpc.RpcError) as error:
            prediction.Predict(long_request(iterations=1), timeout=60)
        assert error.value.code() == grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize("protocol", ["gRPC", "REST"])
def test_stopping_ends_runs_that_outlast_the_grace_period(tiny_model_dir, protocol):
    options = ServerOptions(port=0, rest_port=0, warm_up=False, rest_timeout_seconds=600)
    server = EmbeddedServer(single_model("nst", tiny_model_dir), options)
    with ThreadPoolExecutor(1) as pool, stubs_at(server.address) as (prediction, _):
        if protocol == "gRPC":
            pool.submit(prediction.Predict, long_request(), timeout=600)
        else:
            address = f"http://{server.rest_address}/v1/models/nst:predict"
            pool.submit(lambda: urllib.request.urlopen(address, rest_body(), timeout=600))
        wait_until(lambda: in_flight(server) == 1)
        start = time.monotonic()
        assert server.stop(grace_seconds=0.2) == []
        assert time.monotonic() - start < 0.2 + SLACK_SECONDS
    wait_until(idle)


def test_stopping_does_not_wait_for_a_disk_that_hangs(tmp_path, light_model_dir, caplog):
    """A pipe in place of a file: whoever opens it waits until another opens its other end."""
    shutil.copytree(light_model_dir, tmp_path / "nst")
    options = ServerOptions(port=0, poll_seconds=0.05, warm_up=False)
    server = EmbeddedServer(single_model("nst", tmp_path / "nst"), options)
    pipe = tmp_path / "new" / "variables" / "variables.index"
    shutil.copytree(tmp_path / "nst" / "1", tmp_path / "new")
    pipe.unlink()
    os.mkfifo(pipe)
    (tmp_path / "new").rename(tmp_path / "nst" / "2")
    wait_until(lambda: server.catalog.versions("nst")[0].state == State.LOADING)
    start = time.monotonic()
    assert server.stop() == ["the load of a version"]
    assert time.monotonic() - start < 2 * SLACK_SECONDS
    assert "Stopped without waiting any longer for the load of a version." in caplog.text
    (tmp_path / "nst" / "2" / "variables" / "variables.index").open("wb").close()  # so that the thread ends
