"""The number of threads is the one that was faster when last tried."""

from __future__ import annotations

from training.pace import KEPT_STEPS, PROBED_STEPS, Pace


def steps(pace: Pace, count: int, seconds: dict[int, float]) -> list[int]:
    used = []
    for _ in range(count):
        threads = pace.threads()
        pace.took(threads, seconds[threads])
        used.append(threads)
    return used


def test_every_number_is_tried_and_the_fastest_kept():
    pace = Pace(2)
    assert steps(pace, 2 * PROBED_STEPS, {1: 0.9, 2: 2.3}) == [1] * PROBED_STEPS + [2] * PROBED_STEPS
    assert steps(pace, KEPT_STEPS, {1: 0.9, 2: 2.3}) == [1] * KEPT_STEPS


def test_it_changes_when_the_machine_becomes_idle():
    pace = Pace(2)
    steps(pace, 2 * PROBED_STEPS + KEPT_STEPS, {1: 0.9, 2: 2.3})
    steps(pace, 2 * PROBED_STEPS, {1: 0.43, 2: 0.22})
    assert steps(pace, KEPT_STEPS, {1: 0.43, 2: 0.22}) == [2] * KEPT_STEPS


def test_one_core_leaves_no_choice():
    assert set(steps(Pace(1), 3 * KEPT_STEPS, {1: 1.0})) == {1}
