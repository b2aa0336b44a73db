"""What observes a run: a display, and whoever may stop it. A command adds what else it does at each point."""

from __future__ import annotations

from collections.abc import Callable

from nst_client.display.events import Advanced, Display, Failed, Finished, Note, Started
from nst_client.progress import Progress


class Observer:
    """Tells a display of one run, under its name."""

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

    def finished(self, seconds: float) -> None:
        """After all files are written."""
        self._display.show(Finished(self._name, seconds))

    def failed(self, reason: str) -> None:
        """There will be no picture."""
        self._display.show(Failed(self._name, reason))
