"""When a run is lost, and what of it is worth keeping."""

from __future__ import annotations

from collections import deque

import numpy as np

from nst_client.errors import Diverged
from nst_client.progress import Progress

# Losses of two sizes cannot be compared: at each size of a plan counting begins anew.
#
# Losses may rise for a while: the optimiser overshoots, above all at its start, and a run that starts from the
# content begins with no content loss at all. Ten times the lowest for 50 iterations, and not falling on the
# whole, is none of that; pixels end at 0 and 255, so the loss cannot rise for ever.
FACTOR = 10.0
ITERATIONS = 50

REMEDY = "Use smaller weights or a smaller learning rate."


class Watchdog:
    """Follows the losses of a run, and remembers its best picture."""

    def __init__(self) -> None:
        self._best: Progress | None = None  # of the pictures at the ends of calls: no other is ever seen
        self._best_total = np.inf
        self._lowest = np.inf
        self._high = 0  # iterations since the total loss was last below FACTOR times its lowest
        self._newest: deque[float] = deque(maxlen=ITERATIONS)  # total losses
        self._level = 0  # that all these belong to

    def check(self, progress: Progress, losses: np.ndarray) -> None:
        """Takes in the losses, float32[n, 4], of the n iterations behind `progress`, all at one size.

        The first is that of its own picture.

        Raises:
            Diverged: they are no longer finite, or high for long.
        """
        level = progress.plan.level(progress.iteration)
        if level != self._level:
            self._level, self._best_total, self._lowest, self._high = level, np.inf, np.inf, 0
            self._newest.clear()
        totals = losses[:, 0]
        if progress.iteration > 0 and totals[0] < self._best_total:  # never for NaN
            self._best, self._best_total = progress, totals[0]
        check_finite(losses, progress.iteration, self._best)
        for iteration, total in enumerate(totals, progress.iteration + 1):  # so that no split changes the verdict
            self._lowest = min(self._lowest, total)
            self._high = self._high + 1 if total > FACTOR * self._lowest else 0
            self._newest.append(total)
            if self._high >= ITERATIONS and not self._falls:
                raise Diverged(
                    f"The loss has been above {FACTOR:g} times its lowest for {self._high} iterations, up to iteration "
                    f"{iteration}.",
                    REMEDY,
                    self._best,
                    losses,
                )

    @property
    def _falls(self) -> bool:
        earlier, later = np.split(np.array(self._newest), [ITERATIONS // 2])
        return bool(later.mean() < earlier.mean())


def check_finite(losses: np.ndarray, first_iteration: int = 0, best: Progress | None = None) -> None:
    """Refuses losses, float32[n, 4], that are not all finite.

    Raises:
        Diverged: with the first such iteration, where counting starts at `first_iteration`.
    """
    finite = np.isfinite(losses).all(axis=1)
    if not finite.all():
        first = first_iteration + int(np.argmin(finite))
        raise Diverged(f"The loss is no longer finite at iteration {first}.", REMEDY, best, losses)
