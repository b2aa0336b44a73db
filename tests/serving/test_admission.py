from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from nst_serving.admission import Admission
from nst_serving.errors import RequestError
from tests.events import GUARD_SECONDS

NOT_CANCELLED = threading.Event()


class Going(threading.Event):
    """The event of a client that may go. A call looks at it as soon as it stands in line, which is told here."""

    def __init__(self) -> None:
        super().__init__()
        self.in_line = threading.Event()

    def is_set(self) -> bool:
        self.in_line.set()
        return super().is_set()


@contextlib.contextmanager
def held(admission: Admission) -> Iterator[None]:
    """Takes a turn in another thread and holds it for the block."""
    release, taken = threading.Event(), threading.Event()

    def hold() -> None:
        with admission.turn(None, NOT_CANCELLED):
            taken.set()
            release.wait()

    threading.Thread(target=hold).start()
    assert taken.wait(GUARD_SECONDS)
    try:
        yield
    finally:
        release.set()


def refusal(admission: Admission, timeout_seconds: float | None, gone: threading.Event) -> grpc.StatusCode:
    with pytest.raises(RequestError) as error, admission.turn(timeout_seconds, gone):
        pass
    return error.value.code


def test_a_free_place_is_given_at_once_with_the_time_that_is_left():
    admission = Admission(running=1, waiting=0)
    with admission.turn(500.0, NOT_CANCELLED) as left:
        assert 0 < left <= 500
        assert admission.in_flight == 1
    assert admission.in_flight == 0


def test_a_call_without_a_deadline_waits_as_long_as_it_takes():
    admission, caller = Admission(running=1, waiting=1), Going()

    def come() -> tuple[float | None, int]:
        with admission.turn(None, caller) as left:
            return left, admission.in_flight

    with ThreadPoolExecutor(1) as pool:
        with held(admission):
            call = pool.submit(come)
            assert caller.in_line.wait(GUARD_SECONDS)
            assert not call.done()
        assert call.result(GUARD_SECONDS) == (None, 1)


def test_one_more_than_may_wait_is_refused_in_the_servers_words():
    admission = Admission(running=1, waiting=0)
    words = "Server Threadpool Exhausted"
    with held(admission), pytest.raises(RequestError, match=words) as error, admission.turn(None, NOT_CANCELLED):
        pass
    assert error.value.code == grpc.StatusCode.RESOURCE_EXHAUSTED


@pytest.mark.parametrize("timeout_seconds", [0.05, 0.0, -1.0])
def test_a_call_whose_deadline_passes_in_the_queue_is_not_started(timeout_seconds):
    admission = Admission(running=1, waiting=1)
    with held(admission):
        assert refusal(admission, timeout_seconds, NOT_CANCELLED) == grpc.StatusCode.DEADLINE_EXCEEDED


def test_an_expired_call_is_not_started_even_where_there_is_a_place():
    assert refusal(Admission(running=1, waiting=1), -1.0, NOT_CANCELLED) == grpc.StatusCode.DEADLINE_EXCEEDED


def test_a_client_that_goes_leaves_the_queue():
    admission, gone = Admission(running=1, waiting=1), Going()
    with ThreadPoolExecutor(1) as pool, held(admission):
        call = pool.submit(refusal, admission, None, gone)
        assert gone.in_line.wait(GUARD_SECONDS)
        gone.set()
        admission.wake()
        assert call.result(GUARD_SECONDS) == grpc.StatusCode.CANCELLED  # while the place is still held


def test_places_are_given_in_the_order_of_coming():
    admission, order = Admission(running=1, waiting=5), []

    def come(number: int, caller: threading.Event) -> None:
        with admission.turn(None, caller):
            order.append(number)

    with ThreadPoolExecutor(5) as pool, held(admission):
        for number in range(5):
            caller = Going()
            pool.submit(come, number, caller)
            assert caller.in_line.wait(GUARD_SECONDS)
    assert order == [0, 1, 2, 3, 4]


def test_a_call_that_fails_gives_its_place_back():
    admission = Admission(running=1, waiting=0)
    with pytest.raises(KeyError), admission.turn(None, NOT_CANCELLED):
        raise KeyError
    with admission.turn(None, NOT_CANCELLED):
        assert admission.in_flight == 1
