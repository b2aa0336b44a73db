"""How fast a run goes, told from its newest calls."""

from __future__ import annotations

import numpy as np
import pytest

from nst_client.display.pace import RECENT_CALLS, Pace, RunStatus
from nst_client.progress import Progress


def progress(iteration: int, *, updates: int = 10, seconds: float = 8.0) -> Progress:
    """After a call that made `updates`; the losses count the pictures, beginning at 1."""
    rows = np.arange(1, updates + 1, dtype=np.float32)[:, None] * np.ones(4, np.float32)
    return Progress(iteration, 200, np.zeros((2, 2, 3), np.uint8), rows, seconds, 1, ())


def test_a_status_has_the_losses_of_the_newest_picture():
    losses = {"total": 10.0, "content": 10.0, "style": 10.0, "total_variation": 10.0}
    assert Pace().after(progress(40)) == RunStatus(40, 200, 1.25, 128.0, losses)


def test_the_picture_that_a_run_starts_from_has_neither_losses_nor_a_rate():
    pace = Pace()
    assert pace.after(progress(0, updates=0, seconds=30.0)) == RunStatus(0, 200, None, None, {})
    assert pace.after(progress(10)).iterations_per_second == 1.25


def test_the_rate_ignores_a_slow_first_call_as_soon_as_there_is_another():
    pace = Pace()
    assert pace.after(progress(1, updates=1, seconds=20.0)).iterations_per_second == pytest.approx(0.05)
    status = pace.after(progress(11, seconds=5.0))
    assert status.iterations_per_second == pytest.approx(2)
    assert status.seconds_left == pytest.approx(189 / 2)


def test_the_rate_is_that_of_the_recent_calls():
    pace = Pace()
    rates = [pace.after(progress(10 * call, seconds=10.0)).iterations_per_second for call in range(20)]
    assert rates == [1.0] * 20
    rates = [pace.after(progress(10 * call, seconds=5.0)).iterations_per_second for call in range(RECENT_CALLS)]
    assert rates == sorted(rates)
    assert rates[0] == pytest.approx(10 * RECENT_CALLS / (10 * RECENT_CALLS - 5))
    assert (rates[-2] < 2, rates[-1]) == (True, 2.0)


def test_the_rate_counts_updates_and_not_where_a_run_stands():
    assert Pace().after(progress(190, updates=5, seconds=10.0)).iterations_per_second == pytest.approx(0.5)
