"""The status of a run after a call: how far, how fast, how long still, and its losses."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

from nst_client.contract import LOSS_COLUMNS
from nst_client.progress import Progress

RECENT_CALLS = 8  # of about a second each: enough for a steady time left, few enough to follow the server


class RunStatus(NamedTuple):
    """What is shown of a run. None is what is not known yet."""

    iteration: int  # updates of the picture so far, in the whole run
    iterations: int  # wanted in the whole run
    iterations_per_second: float | None  # over the newest RECENT_CALLS calls
    seconds_left: float | None  # at that rate, by the pixels of the sizes to come
    losses: Mapping[str, float]  # by contract.LOSS_COLUMNS; empty before the first update
    size: tuple[int, int] | None = None  # width and height at which it is painted; None where a run has one size


class Pace:
    """Measures a run by its newest calls: a resumed or interrupted run has its true rate at once."""

    def __init__(self) -> None:
        self._calls: deque[tuple[int, float, int]] = deque(maxlen=RECENT_CALLS + 1)

    def after(self, progress: Progress) -> RunStatus:
        """Takes the newest call into account."""
        if len(progress.losses):  # else the picture is the one that the run starts from
            self._calls.append((len(progress.losses), progress.seconds, progress.pixels))
        # Without the one before them: a run's first call is a short one, during which the server may still compile.
        recent = list(self._calls)[1:] or list(self._calls)
        pixels, seconds = sum(call[0] * call[2] for call in recent), sum(call[1] for call in recent)
        # An iteration costs as much as it has pixels, at every size of a plan.
        rate = pixels / seconds / progress.pixels if seconds > 0 else None
        left = None if rate is None else progress.pixels_left / progress.pixels / rate
        rows = progress.losses[-1:]  # of the picture before the last update: the newest that has been measured
        losses = dict(zip(LOSS_COLUMNS, map(float, rows[0]), strict=True)) if len(rows) else {}
        size = progress.size if len(progress.plan.sizes) > 1 else None
        return RunStatus(progress.iteration, progress.iterations, rate, left, losses, size)
