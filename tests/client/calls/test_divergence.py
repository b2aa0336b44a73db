"""A run that is lost is ended; one that only overshoots is not."""

from __future__ import annotations

import numpy as np
import pytest

from nst_client.calls.divergence import Watchdog, check_finite
from nst_client.errors import Diverged
from nst_client.progress import Progress


def progress(iteration: int) -> Progress:
    return Progress(iteration, 1000, np.zeros((2, 2, 3), np.uint8), np.empty((0, 4), np.float32), 1.0, 1, ())


def losses(*totals: float) -> np.ndarray:
    return np.outer(np.array(totals, np.float32), [1, 0.25, 0.5, 0.25]).astype(np.float32)


def follow(*calls: np.ndarray) -> None:
    watchdog, iteration = Watchdog(), 0
    for rows in calls:
        watchdog.check(progress(iteration), rows)
        iteration += len(rows)


def diverges(*calls: np.ndarray) -> bool:
    try:
        follow(*calls)
    except Diverged:
        return True
    return False


@pytest.mark.parametrize("split", [1, 7, 49, 50, 60])
def test_fifty_high_losses_on_end_are_too_many_however_they_are_split(split: int):
    highs = [10.1] * 60
    calls = [losses(*highs[begin : begin + split]) for begin in range(0, 60, split)]
    with pytest.raises(Diverged, match="above 10 times its lowest") as caught:
        follow(losses(3, 1), *calls)
    assert str(caught.value).endswith("up to iteration 52.")
    assert "smaller learning rate" in caught.value.remedy


def test_a_loss_that_falls_has_not_diverged_however_low_it_began():
    """A run starts from the content: without any content loss, and with hardly any loss where style counts little."""
    assert not diverges(losses(0.007), *(losses(*part) for part in np.split(np.geomspace(43.7, 0.08, 300), 12)))


def test_forty_nine_are_an_overshoot():
    assert not diverges(losses(1, *[1000.0] * 49, 9.9, *[1000.0] * 49, 1), losses(*[5.0] * 100))
    assert diverges(losses(1, *[1000.0] * 50))


def test_a_loss_at_ten_times_the_lowest_is_not_above_it():
    assert not diverges(losses(1, *[10.0] * 200))


def test_the_lowest_counts_whenever_it_was():
    assert diverges(losses(100, 0.1, 100), losses(*[1.1] * 50))


def test_a_loss_that_is_always_zero_is_a_perfect_picture():
    assert not diverges(losses(*[0.0] * 200))


def test_the_best_picture_is_the_one_whose_own_loss_is_lowest():
    with pytest.raises(Diverged) as caught:
        follow(losses(9, 0.5), losses(5, 0.1), losses(3, 8), losses(4, 8), losses(np.nan))
    assert caught.value.best.iteration == 4  # the loss 3: those in the middle of a call belong to pictures nobody saw


def test_the_content_is_no_result():
    with pytest.raises(Diverged) as caught:
        follow(losses(1, 2, np.nan))
    assert caught.value.best is None


def test_the_first_picture_may_be_a_resumed_runs():
    watchdog = Watchdog()
    with pytest.raises(Diverged, match="at iteration 31") as caught:
        watchdog.check(progress(30), losses(4, np.inf))
    assert caught.value.best.iteration == 30


@pytest.mark.parametrize("column", range(4))
def test_every_column_must_be_finite(column: int):
    rows = losses(1, 2, 3)
    rows[1, column] = np.inf
    with pytest.raises(Diverged, match="at iteration 8"):
        check_finite(rows, 7)
    check_finite(losses(1, 2, 3e38))
