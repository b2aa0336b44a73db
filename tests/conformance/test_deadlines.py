"""Deadlines and cancelled calls: who stops, how soon, and what that leaves behind."""

from __future__ import annotations

import contextlib
import math
import time
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import grpc
import numpy as np
import pytest

from tests.conformance.calls import TIMEOUT_SECONDS, check_it_serves, predict_request, version_states
from tests.conftest import picture

DEADLINE_OF_CANCELLED_SECONDS = 20.0  # the real server runs on until then
RUNS = 4  # at once: fewer than the 4 x CPUs calls that a stock server takes


class Pace(NamedTuple):
    """The target's own speed, against which its later answers are held."""

    long_seconds: float  # about what the longest run would take
    deadline_seconds: float  # well before that run's end


def check_it_serves_again(stubs, target) -> None:
    """Five small calls: where a bounded number of runs is let in, they would stand in line behind runs that go on.

    The longest run takes minutes on the model that the embedded server is given, far beyond this time-out.
    """
    request = predict_request(target, change={"iterations": np.int32(min(10, target.limits.max_iterations))})
    for _ in range(5):
        assert stubs.prediction.Predict(request, timeout=TIMEOUT_SECONDS).outputs


def long_request(target, iterations: int = 0):
    side = min(128, math.isqrt(target.limits.max_pixels))
    change = {"iterations": np.int32(iterations or target.limits.max_iterations)}
    return predict_request(target, change=change | dict.fromkeys(("content", "style"), picture(side, side)))


@pytest.fixture(scope="module")
def pace(stubs, target) -> Pace:
    few = max(1, min(10, target.limits.max_iterations // 2))
    times = []
    for _ in range(3):
        start = time.monotonic()
        stubs.prediction.Predict(long_request(target, few), timeout=TIMEOUT_SECONDS)
        times.append(time.monotonic() - start)
    long = min(times) / few * target.limits.max_iterations
    end_of(start_runs(stubs, target, 2.0))  # what a server prepares for calls at once, it has now
    return Pace(long, min(2.0, long / 4))


def start_runs(stubs, target, deadline_seconds: float) -> list:
    return [stubs.prediction.Predict.future(long_request(target), timeout=deadline_seconds) for _ in range(RUNS)]


def end_of(calls: list) -> set[grpc.StatusCode]:
    """The codes of calls, once they are over."""
    for call in calls:
        with contextlib.suppress(grpc.FutureCancelledError):
            call.exception(timeout=TIMEOUT_SECONDS)
    return {call.code() for call in calls}


@pytest.mark.fact("seen on 2.20.0: DEADLINE_EXCEEDED at 2.00 s, idle 0.2 s later")
def test_a_deadline_is_kept(stubs, target, pace):
    call = stubs.prediction.Predict.future(long_request(target), timeout=pace.deadline_seconds)
    assert end_of([call]) == {grpc.StatusCode.DEADLINE_EXCEEDED}
    check_it_serves(stubs, target)


@pytest.mark.fact("seen on 2.20.0: idle 0.2 s later; tensorflow/core/kernels/control_flow_ops.cc, LoopCond")
def test_runs_past_their_deadline_are_over_within_about_an_iteration(stubs, target, pace):
    calls = start_runs(stubs, target, pace.deadline_seconds)
    assert end_of(calls) == {grpc.StatusCode.DEADLINE_EXCEEDED}
    check_it_serves_again(stubs, target)


@pytest.mark.fact("direct_session.cc, WaitForNotification: only a run that is late is stopped")
def test_a_deadline_that_is_kept_changes_nothing(stubs, target, pace):
    few = max(1, min(50, target.limits.max_iterations // 10))
    reply = stubs.prediction.Predict(long_request(target, few), timeout=pace.long_seconds * 10 + 10)
    assert reply.outputs["losses"].tensor_shape.dim[0].size == few


@pytest.mark.fact("seen on 2.20.0: 1-6 ms; status needs a thread and no processor, server.h:46")
def test_status_is_answered_beside_runs(stubs, target, pace):
    calls = start_runs(stubs, target, min(10.0, pace.long_seconds))
    assert version_states(stubs, target)
    assert not any(call.done() for call in calls)
    for call in calls:
        call.cancel()


@pytest.mark.slow
@pytest.mark.fact("seen on 2.20.0: busy to the deadline; the embedded server is better: it stops. Both pass")
def test_a_cancelled_call_is_over_at_the_latest_at_its_deadline(stubs, target, pace):
    calls = start_runs(stubs, target, DEADLINE_OF_CANCELLED_SECONDS)
    time.sleep(min(1.0, pace.long_seconds / 20))
    for call in calls:
        call.cancel()
    assert end_of(calls) == {grpc.StatusCode.CANCELLED}
    check_it_serves_again(stubs, target)


@pytest.mark.fact("prediction_service_impl.cc:44: cut to INT_MAX milliseconds, 24 days")
@pytest.mark.parametrize("seconds", [None, 1e7, 1e8])
def test_no_deadline_is_needed_and_none_is_too_long(stubs, target, seconds):
    assert stubs.prediction.Predict(predict_request(target), timeout=seconds).outputs


@pytest.mark.fact("grpc: a deadline that has passed is the client's own to report")
def test_a_deadline_of_nothing_is_exceeded_and_the_server_serves_on(stubs, target):
    call = stubs.prediction.Predict.future(predict_request(target), timeout=0)
    assert end_of([call]) == {grpc.StatusCode.DEADLINE_EXCEEDED}
    check_it_serves(stubs, target)


@pytest.mark.fact("server.h:46: 4 x CPUs threads, and what waits gets its turn")
def test_many_short_calls_at_once_are_all_answered(stubs, target):
    """Seven at once: a stock server on two processors has eight threads, one of which takes the calls in."""
    with ThreadPoolExecutor(7) as pool:
        outcomes = [pool.submit(check_it_serves, stubs, target) for _ in range(24)]
    assert [outcome.exception() for outcome in outcomes] == [None] * 24
