"""How many threads a step gets: as many as make it fastest while other programs use the machine too.

A step waits for its slowest thread: where another program holds a core, one thread is faster than two (on two busy
cores 0.9 s against 2.3 to 3.4 s, on two idle ones 0.43 s against 0.22 s).
"""

from __future__ import annotations

from statistics import median

PROBED_STEPS = 2
KEPT_STEPS = 150


class Pace:
    """Tries every number of threads for a few steps, keeps the fastest for many, and tries again."""

    def __init__(self, most: int) -> None:
        """Chooses from 1 to `most` threads."""
        self._counts = list(range(1, most + 1))
        self._seconds: dict[int, list[float]] = {count: [] for count in self._counts}
        self._kept, self._left = 1, 0

    def threads(self) -> int:
        """For the step that comes."""
        if self._left:
            return self._kept
        return next(count for count in self._counts if len(self._seconds[count]) < PROBED_STEPS)

    def took(self, threads: int, seconds: float) -> None:
        """What the step took."""
        if self._left:
            self._left -= 1
            return
        self._seconds[threads].append(seconds)
        if all(len(seconds) == PROBED_STEPS for seconds in self._seconds.values()):
            self._kept = min(self._counts, key=lambda count: median(self._seconds[count]))
            self._seconds = {count: [] for count in self._counts}
            self._left = KEPT_STEPS
