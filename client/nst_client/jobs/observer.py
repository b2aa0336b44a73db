"""What observes a run: it shows the run, and may stop it. Each command adds what else is to happen at each point."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from nst_client.display.events import Advanced, Display, Failed, Finished, Note, Started
from nst_client.progress import Progress


class Observer:
    """Shows one run on a display, under its name."""

    def __init__(self, name: str, display: Display, wants_to_stop: Callable[[], bool] = lambda: False) -> None:
        """Takes the run's name, where its events go, and what is asked after each call."""
        self._name = name
        self._display = display
        self.wants_to_stop = wants_to_stop

    def started(self, iteration: int, iterations: int) -> None:
        """Before the first call."""
        self._display.show(Started(self._name, iteration, iterations))

    def advanced(self, progress: Progress) -> None:
        """After every call."""
        self._display.show(Advanced(self._name, progress))

    def note(self, text: str) -> None:
        """A sentence for a person."""
        self._display.show(Note(text, self._name))

    def replacing(self) -> None:
        """Before a picture takes the place of the result."""

    def written(self, progress: Progress, losses: np.ndarray, seconds: float) -> None:
        """After the result is written.

        Args:
            progress: of the result.
            losses: of the whole run, float32[iterations, 4].
            seconds: that the run took.
        """

    def ended_early(self, losses: np.ndarray) -> None:
        """After a run that has diverged or was stopped, whose picture is written, with its losses so far."""

    def finished(self, seconds: float) -> None:
        """After all files are written."""
        self._display.show(Finished(self._name, seconds))

    def failed(self, reason: str) -> None:
        """There will be no picture."""
        self._display.show(Failed(self._name, reason))
