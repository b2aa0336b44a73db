"""What a run does about calls that fail."""

from __future__ import annotations

import time
from collections import deque

import grpc
import numpy as np
import pytest

from nst_client import contract, errors
from nst_client.calls.run import RETRY_SECONDS, TRANSIENT, Patience
from nst_client.calls.servers import Servers, server_at
from nst_client.calls.style_client import StyleClient
from tests.client.calls.run_calls import Always, Code, Failed, answer, bits, bits_of, losses, watched


def test_a_refusal_that_is_not_about_iterations_is_not_repeated(between, content, style):
    between.tricks = deque([None, Failed(Code.INVALID_ARGUMENT, "style: is not to my taste")])
    with between.client() as client, pytest.raises(errors.RequestRefused, match="not to my taste"):
        watched(client, content, style)
    assert between.asked == [0, 4]


def test_a_missed_deadline_makes_calls_smaller_and_changes_no_bit(between, content, style, whole):
    def slow(iterations: int, timeout: float) -> None:
        time.sleep(min(iterations * 0.1, timeout))
        if iterations * 0.1 > timeout:
            raise Failed(Code.DEADLINE_EXCEEDED)

    between.rule = slow
    troubles: list[errors.NstError] = []
    patience = Patience(deadline_seconds=0.35, on_trouble=troubles.append)
    with between.client() as client:
        progresses = watched(client, content, style, calls_of=12, patience=patience)
    assert between.asked == [0, 12, 6, 3, 3, 3, 3]
    assert bits(progresses) == bits_of(whole)
    assert [type(trouble) for trouble in troubles] == [errors.DeadlineExceeded] * 2


def test_calls_grow_again_after_a_stall(between, content, style, whole):
    between.tricks = deque([None, Failed(Code.DEADLINE_EXCEEDED)])
    with between.client() as client:
        assert bits(watched(client, content, style, calls_of=4)) == bits_of(whole)
    assert between.asked == [0, 4, 2, 4, 4, 2]


def test_a_server_that_hangs_among_others_is_done_without(between, server, content, style, whole):
    def hang(iterations: int, timeout: float) -> None:
        raise Failed(Code.DEADLINE_EXCEEDED)

    between.rule = hang
    for calls_of, asked in ((4, [0]), (1, [0])):
        with StyleClient(servers=Servers([between.server(), server_at(server.address)])) as client:
            assert bits(watched(client, content, style, calls_of=calls_of)) == bits_of(whole)
        assert between.asked == asked  # the start cannot be made smaller, but goes to the other server
        between.asked.clear()
        with StyleClient(servers=Servers([between.server(), server_at(server.address)])) as client:
            half = watched(StyleClient(server.address), content, style, iterations=5)
            rest = watched(client, content, style, calls_of=calls_of, resume=half[-1])
            assert bits([*half, *rest]) == bits_of(whole)
        assert between.asked == [calls_of]  # nor can a call of one iteration
        between.asked.clear()


def test_a_deadline_that_is_too_short_for_one_iteration_ends_the_run(between, content, style):
    between.tricks = deque([None, *[Failed(Code.DEADLINE_EXCEEDED)] * 9])
    with between.client() as client, pytest.raises(errors.DeadlineExceeded, match=r"within 7 s\.$"):
        watched(client, content, style, patience=Patience(deadline_seconds=7))
    assert between.asked == [0, 4, 2, 1]


def test_without_a_deadline_of_ones_own_it_grows_with_the_call(between, content, style):
    seen: dict[int, float] = {}
    between.rule = seen.__setitem__
    with between.client() as client:
        watched(client, content, style, calls_of=8)
    assert seen == {number: contract.stylize_deadline(48, 64, number) for number in (0, 8, 4)}


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_a_loss_that_is_no_longer_finite_ends_the_run_with_the_best_picture(
    between, client, content, style, broken: float
):
    worse = answer(losses=losses(5, 4, 3, 9))
    between.tricks = deque(
        [None, worse, answer(losses=losses(2, 4, 5, 6)), worse, answer(losses=losses(3, broken, 1, 1))]
    )
    with between.client() as spoiled, pytest.raises(errors.Diverged) as caught:
        watched(spoiled, content, style, iterations=20)
    assert str(caught.value) == "The loss is no longer finite at iteration 13."
    assert "smaller learning rate" in caught.value.remedy
    best = caught.value.best
    assert best.iteration == 4  # whose loss, 2, stands first in the next answer
    assert np.array_equal(best.image, client.stylize(content, style, iterations=4).image)


def test_a_run_that_diverges_at_once_has_no_best_picture(between, content, style):
    between.tricks = deque([None, answer(losses=losses(np.nan, 1, 1, 1))])
    with between.client() as client, pytest.raises(errors.Diverged, match="at iteration 0") as caught:
        watched(client, content, style)
    assert caught.value.best is None


def test_losses_that_rise_without_end_end_the_run(between, content, style):
    high = answer(losses=losses(*[50.0] * 20))
    between.tricks = deque([None, answer(losses=losses(*np.linspace(2, 1, 20))), high, high, high, high])
    with between.client() as client, pytest.raises(errors.Diverged, match="above 10 times its lowest") as caught:
        watched(client, content, style, calls_of=20, iterations=100)
    assert "for 50 iterations, up to iteration 70." in str(caught.value)
    assert caught.value.best.iteration == 20


@pytest.mark.parametrize("count", [0, 5])
def test_more_losses_than_were_asked_for_or_none_are_a_bad_answer(between, content, style, count: int):
    between.tricks = deque([None, answer(losses=losses(*range(count)))])
    with between.client() as client, pytest.raises(errors.BadAnswer, match=f"sent {count} losses for 4 iterations"):
        watched(client, content, style)


def test_a_server_may_answer_with_fewer_iterations_than_were_asked_for(between, content, style):
    between.tricks = deque([None, answer(losses=losses(3, 2))])
    with between.client() as client:
        assert next(client.watch(content, style, iterations=9, chunk_size=Always(4))).iteration == 2


@pytest.mark.parametrize("code", [Code.UNAVAILABLE, Code.NOT_FOUND, Code.CANCELLED])
def test_a_server_that_was_never_there_fails_at_once(between, content, style, code: grpc.StatusCode):
    between.tricks = deque([Failed(code)] * 3)
    troubles: list[errors.NstError] = []
    with between.client() as client, pytest.raises(TRANSIENT):
        watched(client, content, style, patience=Patience(on_trouble=troubles.append))
    assert (between.asked, troubles) == ([0], [])


def test_a_busy_server_and_one_that_is_known_are_waited_for_from_the_start(between, content, style, whole):
    between.tricks = deque([Failed(Code.RESOURCE_EXHAUSTED)])
    with between.client() as client:
        assert bits(watched(client, content, style)) == bits_of(whole)
        between.tricks = deque([Failed(Code.UNAVAILABLE)])
        assert bits(watched(client, content, style, patience=Patience(from_the_start=True))) == bits_of(whole)


def test_a_restart_in_the_middle_is_waited_for_and_told(between, content, style, whole):
    restart = [Failed(code) for code in (Code.CANCELLED, Code.UNAVAILABLE, Code.NOT_FOUND, Code.RESOURCE_EXHAUSTED)]
    between.tricks = deque([None, None, *restart])
    troubles: list[errors.NstError] = []
    with between.client() as client:
        progresses = watched(client, content, style, patience=Patience(on_trouble=troubles.append))
    assert bits(progresses) == bits_of(whole)
    assert between.asked == [0, 4, 4, 4, 4, 4, 4, 4]
    names = ["ServerStopping", "ServerUnavailable", "ModelNotFound", "ServerBusy"]
    assert [type(trouble).__name__ for trouble in troubles] == names
    assert all(each.seconds < RETRY_SECONDS for each in progresses)  # the waiting is no part of the call


def test_out_of_memory_is_not_repeated(between, content, style):
    between.tricks = deque([None, Failed(Code.RESOURCE_EXHAUSTED, "OOM when allocating tensor with shape[9]")])
    with between.client() as client, pytest.raises(errors.OutOfMemory):
        watched(client, content, style)
    assert between.asked == [0, 4]


@pytest.mark.parametrize("code", [Code.INTERNAL, Code.UNIMPLEMENTED, Code.FAILED_PRECONDITION, Code.UNKNOWN])
def test_a_failure_that_is_no_restart_is_not_repeated(between, content, style, code: grpc.StatusCode):
    between.tricks = deque([None, Failed(code)])
    with between.client() as client, pytest.raises(errors.NstError):
        watched(client, content, style)
    assert between.asked == [0, 4]


def test_who_is_told_of_trouble_may_end_the_run(between, content, style):
    between.tricks = deque([None, None, Failed(Code.UNAVAILABLE)])

    def end(trouble: errors.NstError) -> None:
        raise errors.BadAnswer("Enough.", "")

    with between.client() as client, pytest.raises(errors.BadAnswer, match="Enough"):
        watched(client, content, style, patience=Patience(on_trouble=end))


def test_patience_begins_when_the_server_is_lost_not_when_its_call_began(between, content, style, whole):
    """A call of a large picture may have run for longer than the patience."""

    def lost(iterations: int, timeout: float) -> None:
        if between.asked == [0, 4, 4]:
            time.sleep(0.7)
            raise Failed(Code.UNAVAILABLE)

    between.rule = lost
    with between.client() as client:
        assert bits(watched(client, content, style, patience=Patience(seconds=0.6))) == bits_of(whole)
