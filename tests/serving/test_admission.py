from __future__ import annotations

import threading
import time

import grpc
import pytest

from nst_serving.admission import Admission
from nst_serving.errors import RequestError

NOBODY = threading.Event()


def held(admission: Admission) -> threading.Event:
    """Takes a turn in another thread and holds it until the event is set."""
    release, taken = threading.Event(), threading.Event()

    def hold() -> None:
        with admission.turn(None, NOBODY):
            taken.set()
            release.wait(10)

    threading.Thread(target=hold).start()
    assert taken.wait(10)
    return release


def test_a_free_place_is_given_at_once_with_the_time_that_is_left():
    admission = Admission(running=1, waiting=0)
    with admission.turn(5.0, NOBODY) as left:
        assert 4 < left <= 5
        assert admission.in_flight == 1
    assert admission.in_flight == 0


def test_a_call_without_a_deadline_waits_as_long_as_it_takes():
    admission = Admission(running=1, waiting=1)
    release = held(admission)
    threading.Timer(0.2, release.set).start()
    with admission.turn(None, NOBODY) as left:
        assert left is None
        assert release.is_set()


def test_one_more_than_may_wait_is_refused_in_the_servers_words():
    admission = Admission(running=1, waiting=0)
    release = held(admission)
    with pytest.raises(RequestError, match="Server Threadpool Exhausted") as error, admission.turn(None, NOBODY):
        pass
    release.set()
    assert error.value.code == grpc.StatusCode.RESOURCE_EXHAUSTED


@pytest.mark.parametrize("timeout_seconds", [0.05, 0.0, -1.0])
def test_a_call_whose_deadline_passes_in_the_queue_is_not_started(timeout_seconds):
    admission = Admission(running=1, waiting=1)
    release = held(admission)
    with pytest.raises(RequestError) as error, admission.turn(timeout_seconds, NOBODY):
        pass
    release.set()
    assert error.value.code == grpc.StatusCode.DEADLINE_EXCEEDED


def test_an_expired_call_is_not_started_even_where_there_is_a_place():
    with pytest.raises(RequestError) as error, Admission(running=1, waiting=1).turn(-1.0, NOBODY):
        pass
    assert error.value.code == grpc.StatusCode.DEADLINE_EXCEEDED


def test_a_client_that_goes_leaves_the_queue():
    admission = Admission(running=1, waiting=1)
    release, gone = held(admission), threading.Event()

    def go() -> None:
        gone.set()
        admission.wake()

    threading.Timer(0.1, go).start()
    with pytest.raises(RequestError) as error, admission.turn(30.0, gone):
        pass
    release.set()
    assert error.value.code == grpc.StatusCode.CANCELLED


def test_places_are_given_in_the_order_of_coming():
    admission = Admission(running=1, waiting=5)
    release, order = held(admission), []

    def come(number: int) -> None:
        with admission.turn(None, NOBODY):
            order.append(number)

    threads = []
    for number in range(5):
        threads.append(threading.Thread(target=come, args=[number]))
        threads[-1].start()
        time.sleep(0.02)
    release.set()
    for thread in threads:
        thread.join(10)
    assert order == [0, 1, 2, 3, 4]


def test_a_call_that_fails_gives_its_place_back():
    admission = Admission(running=1, waiting=0)
    with pytest.raises(KeyError), admission.turn(None, NOBODY):
        raise KeyError
    with admission.turn(None, NOBODY):
        assert admission.in_flight == 1
