"""A run without a server ends when its caller no longer waits: a deadline, a close, Ctrl-C in a real process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
import tensorflow as tf
from tensorflow_serving.apis import get_model_status_pb2

from nst_serving.in_process import InProcessStub
from tests.events import GUARD_SECONDS, wait_for_work
from tests.serving.conftest import long_request

pytestmark = pytest.mark.slow


@pytest.fixture
def stub(tiny_model_dir):
    stub = InProcessStub(tiny_model_dir)
    yield stub
    stub.close()


def refusal(method, message, timeout=None) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.RpcError) as error:
        method(message, timeout=timeout)
    return error.value.code(), error.value.details()


def test_a_deadline_stops_the_run_and_the_next_one_works(stub):
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(refusal, stub.Predict, long_request(), timeout=0.5)
        assert call.result(GUARD_SECONDS)[0] == grpc.StatusCode.DEADLINE_EXCEEDED  # the whole run takes minutes
    assert len(tf.make_ndarray(stub.Predict(long_request(3), timeout=60).outputs["losses"])) == 3


@pytest.mark.parametrize("timeout", [0, -1])
def test_a_deadline_that_is_over_starts_no_run(stub, timeout):
    assert refusal(stub.Predict, long_request(), timeout)[0] == grpc.StatusCode.DEADLINE_EXCEEDED


def test_closing_ends_running_calls_and_refuses_new_ones(tiny_model_dir):
    stub = InProcessStub(tiny_model_dir)
    stub.Predict(long_request(1))  # prepares a session, so that the next run is in its loop when it works
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(refusal, stub.Predict, long_request())
        wait_for_work()
        stub.close()
        assert call.result(GUARD_SECONDS)[0] == grpc.StatusCode.CANCELLED
    assert refusal(stub.Predict, long_request()) == (grpc.StatusCode.CANCELLED, "Channel closed!")
    assert refusal(stub.GetModelStatus, get_model_status_pb2.GetModelStatusRequest())[0] == grpc.StatusCode.CANCELLED


# A program that makes short runs and some without end, and says when it is in one and what it hears.
PROGRAM = """
import signal, sys, threading, time
from pathlib import Path
from nst_serving.in_process import InProcessStub
from tensorflow_serving.apis import predict_pb2

def say(*words):
    print(*words, flush=True)

def wait_for_work():
    end = time.process_time() + 0.3
    while time.process_time() < end:
        time.sleep(0.01)
    say("running")

def say_when_running():
    threading.Thread(target=wait_for_work, daemon=True).start()

stub = InProcessStub(Path(sys.argv[1]))
endless, short = (predict_pb2.PredictRequest.FromString(Path(file).read_bytes()) for file in sys.argv[2:4])
stub.Predict(short)  # prepares a session: from now on, what works is a run in its loop
{then}
stub.close()
say("closed")
"""

RAISES = """
try:
    say_when_running()
    stub.Predict(endless)
except KeyboardInterrupt:
    say("stopped")
say(len(stub.Predict(short).outputs["image"].tensor_content))
"""
SETS_A_FLAG = """
def handle(number, frame):
    say("heard")
    say_when_running()

signal.signal(signal.SIGINT, handle)
say_when_running()
stub.Predict(endless, timeout=60)
"""
FINISHES = """
heard = []
signal.signal(signal.SIGINT, lambda number, frame: heard.append(number))
say_when_running()
while not heard:  # one after the other, so that the signal comes during one, however fast they are
    answer = stub.Predict(short)
say(len(answer.outputs["image"].tensor_content))
"""
LEAVES_IT_TO_PYTHON = """
say_when_running()
stub.Predict(endless)
"""
CALLS_ON_A_DAEMON = """
say_when_running()
for _ in range(2):
    threading.Thread(target=stub.Predict, args=[endless], daemon=True).start()
try:
    threading.Event().wait()
finally:
    stub.close()  # from now on the runs stop, and the process ends meanwhile
"""


@pytest.fixture
def program(tiny_model_dir, tmp_path):
    """Starts PROGRAM without a log level, and returns when the run that is to be disturbed is under way."""
    started = []

    def start(then: str) -> subprocess.Popen:
        (tmp_path / "endless").write_bytes(long_request().SerializeToString())
        (tmp_path / "short").write_bytes(long_request(20).SerializeToString())
        environment = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM.format(then=then),
             tiny_model_dir, tmp_path / "endless", tmp_path / "short"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=environment | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )  # fmt: skip
        started.append(process)
        assert process.stdout.readline() == "running\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


SIZE = 128 * 128 * 3


def test_ctrl_c_stops_the_run_and_the_next_one_works(program):
    process = program(RAISES)
    process.send_signal(signal.SIGINT)
    output, chatter = process.communicate(timeout=GUARD_SECONDS)
    assert output == f"stopped\n{SIZE}\nclosed\n"
    assert (process.returncode, chatter) == (0, "")


def test_a_handler_runs_while_the_run_goes_on(program):
    process = program(SETS_A_FLAG)
    process.send_signal(signal.SIGINT)
    assert process.stdout.readline() == "heard\n"
    assert process.stdout.readline() == "running\n"  # after a run that held up the handler nothing works any more


def test_a_handler_that_does_not_raise_costs_the_run_nothing(program):
    process = program(FINISHES)
    process.send_signal(signal.SIGINT)
    output, chatter = process.communicate(timeout=GUARD_SECONDS)
    assert output == f"{SIZE}\nclosed\n"
    assert (process.returncode, chatter) == (0, "")


@pytest.mark.parametrize("pause", [0, 0.001, 0.03])
def test_a_second_ctrl_c_ends_the_process_without_a_crash(program, pause):
    process = program(LEAVES_IT_TO_PYTHON)
    process.send_signal(signal.SIGINT)
    time.sleep(pause)
    process.send_signal(signal.SIGINT)
    output, chatter = process.communicate(timeout=GUARD_SECONDS)
    assert process.returncode == -signal.SIGINT  # an abort of TensorFlow's would be SIGABRT
    assert output == ""
    # Where the first one has done its work, the second meets Python's own end, which says so with a colon.
    assert chatter.splitlines()[-1].rstrip(": ") == "KeyboardInterrupt"


def test_a_process_that_ends_under_a_daemons_run_does_so_without_a_crash(program):
    process = program(CALLS_ON_A_DAEMON)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=GUARD_SECONDS)
    assert process.returncode == -signal.SIGINT
