"""A run in many calls: the bits of a single one."""

from __future__ import annotations

import grpc
import numpy as np
import pytest

from nst_client import errors
from nst_client.calls.style_client import StyleClient
from nst_client.progress import Progress
from tests.client.calls.run_calls import ITERATIONS, Failed, bits, bits_of, watched


@pytest.mark.parametrize("calls_of", [1, 5, ITERATIONS, 1000])
def test_a_watched_run_gives_the_bits_of_one_call(client, content, style, whole, calls_of: int):
    progresses = watched(client, content, style, calls_of=calls_of)
    assert bits(progresses) == bits_of(whole)
    expected = [*range(calls_of, ITERATIONS, calls_of), ITERATIONS]
    assert [each.iteration for each in progresses] == expected
    assert [len(each.losses) for each in progresses] == np.diff([0, *expected]).tolist()
    assert {(each.iterations, each.version) for each in progresses} == {(ITERATIONS, 1)}


def test_the_numbers_are_those_of_one_call_too(client, content, style):
    numbers = {"content_weight": 0.1, "style_weight": 2.0, "tv_weight": 0.5, "learning_rate": 3.0}
    assert bits(watched(client, content, style, **numbers)) == bits_of(
        client.stylize(content, style, iterations=ITERATIONS, **numbers)
    )


def test_without_a_chunk_size_the_first_call_is_short_and_the_later_ones_take_about_a_second(client, content, style):
    first, *others = client.watch(content, style, iterations=100)
    assert (first.iteration, others[-1].iteration) == (1, 100)
    assert all(each.seconds < 10 for each in others)


def test_on_progress_sees_every_call_and_changes_no_bit(client, content, style, whole):
    seen: list[Progress] = []
    stylized = client.stylize(content, style, iterations=ITERATIONS, on_progress=seen.append)
    assert bits_of(stylized) == bits_of(whole) == bits(seen)
    assert stylized.version == 1


def test_a_run_goes_on_from_any_of_its_progresses_on_any_server_of_the_same_model(
    client, other_server, content, style, whole
):
    progresses = watched(client, content, style, calls_of=3)
    with StyleClient(other_server.address) as other:  # it sends strings in the other encoding
        for done in range(1, len(progresses)):
            rest = watched(other, content, style, calls_of=5, resume=progresses[done - 1])
            assert bits([*progresses[:done], *rest]) == bits_of(whole)


def test_a_finished_run_goes_on_further(client, content, style, whole):
    half = watched(client, content, style, iterations=5)
    rest = watched(client, content, style, resume=half[-1])
    assert bits([*half, *rest]) == bits_of(whole)
    assert {each.iterations for each in rest} == {ITERATIONS}


def test_a_run_goes_on_with_its_own_pictures_and_numbers_only(client, content, style):
    (done,) = watched(client, content, style, iterations=2)
    changed = content.copy()
    changed[0, 0, 0] ^= 1
    for pictures, numbers, name in (
        ((changed, style), {}, "content"),
        ((content, content), {}, "style"),
        ((content[:40], style), {}, "size"),
        ((content, style), {"learning_rate": 2.0}, "learning_rate"),
    ):
        with pytest.raises(errors.RequestRefused, match=f"must come from a run with the same {name}"):
            watched(client, *pictures, resume=done, **numbers)


@pytest.mark.parametrize("iterations", [0, -1, 5])
def test_fewer_iterations_than_are_done_are_refused_before_a_call(client, content, style, iterations: int):
    done = watched(client, content, style, iterations=5)[-1] if iterations == 5 else None
    got = f"iterations: must be {'more than the 5 that are done' if done else 'at least 1'}, got {iterations}."
    with pytest.raises(errors.RequestRefused) as caught:
        client.watch(content, style, iterations=iterations, resume=done)
    assert str(caught.value) == got


@pytest.mark.parametrize("iterations", [2.5, float("nan"), float("inf"), 2**31])
def test_iterations_that_are_no_whole_number_are_refused_before_a_call(between, content, style, iterations: float):
    with between.client() as client, pytest.raises(errors.RequestRefused, match="iterations: must be a whole number"):
        client.stylize(content, style, iterations=iterations, on_progress=print)
    assert between.asked == []


def test_a_run_stops_at_multiples(client, content, style, whole):
    progresses = watched(client, content, style, calls_of=4, stop_at_multiples_of=5)
    assert [each.iteration for each in progresses] == [4, 5, 9, 10, 12]
    assert bits(progresses) == bits_of(whole)


def test_multiples_count_from_the_runs_start_not_from_where_it_goes_on(client, content, style):
    half = watched(client, content, style, iterations=7)[-1]
    rest = watched(client, content, style, resume=half, calls_of=100, stop_at_multiples_of=5)
    assert [each.iteration for each in rest] == [10, 12]


def test_calls_above_the_models_limit_become_smaller(between, content, style, whole):
    def refuse(iterations: int, timeout: float) -> None:
        if iterations > 7:
            words = f"assertion failed: [iterations: must be a whole number from 1 to 7, got {iterations}]"
            raise Failed(grpc.StatusCode.INVALID_ARGUMENT, words)

    between.rule = refuse
    with between.client() as client:
        progresses = watched(client, content, style, calls_of=1000)
    assert between.asked == [0, ITERATIONS, ITERATIONS // 2, ITERATIONS // 2]
    assert bits(progresses) == bits_of(whole)
