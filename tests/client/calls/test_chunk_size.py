"""A call of a watched run takes about a second, on any server and for any picture."""

from __future__ import annotations

import pytest

from nst_client.calls.chunk_size import ChunkSize


def taken(iterations: int, seconds_per_iteration: float) -> float:
    """A server that computes the targets anew for each call, at the price of an iteration."""
    return (iterations + 1) * seconds_per_iteration


def learnt(seconds_per_iteration: float, pixels: int = 10_000, calls: int = 1) -> ChunkSize:
    chunk_size = ChunkSize()
    for _ in range(calls):
        iterations = chunk_size.iterations(pixels)
        chunk_size.learn(pixels, iterations, taken(iterations, seconds_per_iteration))
    return chunk_size


def test_the_first_call_makes_one_iteration_whatever_the_picture():
    assert [ChunkSize().iterations(pixels) for pixels in (1, 10**9)] == [1, 1]


@pytest.mark.parametrize(
    ("seconds_per_iteration", "iterations"),
    [
        (0.001, 999),  # a second, less the targets
        (0.01, 99),
        (0.1, 9),
        (0.125, 8),
        (0.5, 8),  # four seconds, so that the targets are a ninth
        (1.0, 8),
        (1.26, 7),  # no longer than ten seconds
        (2.0, 5),
        (6.0, 1),
        (1000.0, 1),
    ],
)
def test_the_second_call_is_as_long_as_it_should_be(seconds_per_iteration: float, iterations: int):
    assert learnt(seconds_per_iteration).iterations(10_000) == pytest.approx(iterations, abs=1)
    assert learnt(seconds_per_iteration, calls=5).iterations(10_000) == pytest.approx(iterations, abs=1)


@pytest.mark.parametrize("seconds_per_iteration", [1e-5, 1e-3, 0.1])
def test_a_call_takes_about_a_second_where_eight_iterations_fit_into_one(seconds_per_iteration: float):
    iterations = learnt(seconds_per_iteration).iterations(10_000)
    assert taken(iterations, seconds_per_iteration) == pytest.approx(1, rel=0.11)


def test_what_was_learnt_of_one_picture_holds_for_others_by_their_pixels():
    chunk_size = learnt(0.01, pixels=10_000)
    assert chunk_size.iterations(20_000) == pytest.approx(49, abs=1)
    assert chunk_size.iterations(1_000) == pytest.approx(999, abs=1)


def test_a_server_that_becomes_slower_or_faster_is_followed_at_once():
    chunk_size = learnt(0.01)
    chunk_size.learn(10_000, 99, 10.0)
    assert chunk_size.iterations(10_000) == 9
    chunk_size.learn(10_000, 9, 0.01)
    assert chunk_size.iterations(10_000) == 999


def test_a_clock_that_shows_no_time_is_no_division_by_zero():
    chunk_size = ChunkSize()
    chunk_size.learn(1, 1, 0.0)
    assert chunk_size.iterations(1) > 1000


def test_another_length_may_be_asked_for():
    chunk_size = ChunkSize(seconds_per_call=0.1)
    chunk_size.learn(100, 1, 0.002)
    assert chunk_size.iterations(100) == 99


def test_a_large_state_makes_calls_longer_until_its_way_is_a_tenth_of_them():
    chunk_size = ChunkSize()
    chunk_size.learn(100, 1, 0.02)
    assert chunk_size.iterations(100) == 99
    assert chunk_size.iterations(100, state_bytes=40_000_000) == 399  # four seconds for two ways of 0.2 s
