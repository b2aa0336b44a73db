"""A run without a server ends when nobody waits for it: a deadline, a close, Ctrl-C in a real process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import grpc
import pytest
import tensorflow as tf
from tensorflow_serving.apis import get_model_status_pb2

from nst_serving.in_process import InProcessStub
from tests.serving.conftest import long_request

pytestmark = pytest.mark.slow


@pytest.fixture
def patient(patient_model_dir):
    stub = InProcessStub(patient_model_dir)
    yield stub
    stub.close()


def refusal(method, message) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.RpcError) as error:
        method(message, timeout=60)
    return error.value.code(), error.value.details()


def test_a_deadline_stops_the_run_and_the_next_one_works(patient):
    start = time.monotonic()
    with pytest.raises(grpc.RpcError) as error:
        patient.Predict(long_request(), timeout=0.5)
    assert error.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    assert 0.4 < time.monotonic() - start < 60  # the whole run takes minutes
    assert len(tf.make_ndarray(patient.Predict(long_request(3), timeout=60).outputs["losses"])) == 3


@pytest.mark.parametrize("timeout", [0, -1])
def test_a_deadline_that_is_over_starts_no_run(patient, timeout):
    with pytest.raises(grpc.RpcError) as error:
        patient.Predict(long_request(), timeout=timeout)
    assert error.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED


def test_closing_ends_running_calls_and_refuses_new_ones(patient_model_dir):
    stub = InProcessStub(patient_model_dir)
    raised = []

    def run():
        raised.append(refusal(stub.Predict, long_request())[0])

    thread = threading.Thread(target=run)
    thread.start()
    time.sleep(0.5)
    stub.close()
    thread.join(60)
    assert raised == [grpc.StatusCode.CANCELLED]
    assert refusal(stub.Predict, long_request()) == (grpc.StatusCode.CANCELLED, "Channel closed!")
    assert refusal(stub.GetModelStatus, get_model_status_pb2.GetModelStatusRequest())[0] == grpc.StatusCode.CANCELLED


# A program that makes runs of about a second or without end, and says what it hears.
PROGRAM = """
import signal, sys, time
from pathlib import Path
from nst_serving.in_process import InProcessStub
from tensorflow_serving.apis import predict_pb2

def say(*words):
    print(*words, flush=True)

def handle(number, frame):
    say("heard")

stub = InProcessStub(Path(sys.argv[1]))
endless, short = (predict_pb2.PredictRequest.FromString(Path(file).read_bytes()) for file in sys.argv[2:4])
say("running")
{then}
stub.close()
say("closed")
"""

RAISES = """
try:
    stub.Predict(endless)
except KeyboardInterrupt:
    say("stopped")
say(len(stub.Predict(short).outputs["image"].tensor_content))
"""
SETS_A_FLAG = """
signal.signal(signal.SIGINT, handle)
stub.Predict(endless, timeout=30)
"""
FINISHES = """
signal.signal(signal.SIGINT, handle)
say(len(stub.Predict(short).outputs["image"].tensor_content))
"""
LEAVES_IT_TO_PYTHON = "stub.Predict(endless)"


@pytest.fixture
def program(patient_model_dir, tmp_path):
    """Starts PROGRAM without a log level, and returns when its first run has begun."""
    started = []

    def start(then: str, short_iterations: int = 3) -> subprocess.Popen:
        (tmp_path / "endless").write_bytes(long_request().SerializeToString())
        (tmp_path / "short").write_bytes(long_request(short_iterations).SerializeToString())
        environment = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM.format(then=then),
             patient_model_dir, tmp_path / "endless", tmp_path / "short"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=environment | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )  # fmt: skip
        started.append(process)
        assert process.stdout.readline() == "running\n"
        time.sleep(0.5)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


SIZE = 128 * 128 * 3


def test_ctrl_c_stops_the_run_and_the_next_one_works(program):
    process = program(RAISES)
    process.send_signal(signal.SIGINT)
    output, chatter = process.communicate(timeout=30)
    assert output == f"stopped\n{SIZE}\nclosed\n"
    assert (process.returncode, chatter) == (0, "")


def test_a_handler_runs_while_the_run_goes_on(program):
    process = program(SETS_A_FLAG)
    process.send_signal(signal.SIGINT)
    start = time.monotonic()
    assert process.stdout.readline() == "heard\n"
    assert time.monotonic() - start < 15  # and not after the run, which goes on for 30
    assert process.poll() is None


def test_a_handler_that_does_not_raise_costs_the_run_nothing(program):
    process = program(FINISHES, short_iterations=300)
    process.send_signal(signal.SIGINT)
    output, chatter = process.communicate(timeout=60)
    assert output == f"heard\n{SIZE}\nclosed\n"
    assert (process.returncode, chatter) == (0, "")


@pytest.mark.parametrize("pause", [0, 0.001, 0.03])
def test_a_second_ctrl_c_ends_the_process_without_a_crash(program, pause):
    process = program(LEAVES_IT_TO_PYTHON)
    process.send_signal(signal.SIGINT)
    time.sleep(pause)
    process.send_signal(signal.SIGINT)
    output, chatter = process.communicate(timeout=15)
    assert process.returncode == -signal.SIGINT  # an abort of TensorFlow's would be SIGABRT
    assert output == ""
    assert chatter.splitlines()[-1] == "KeyboardInterrupt"
