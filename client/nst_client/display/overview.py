"""The sum of all events so far: the counts of pictures, and the status of every run that goes on."""

from __future__ import annotations

from nst_client.display.events import Advanced, Event, Failed, Finished, Note, Started
from nst_client.display.pace import Pace, RunStatus


class Overview:
    """Kept by every display. Threads that share one take turns."""

    def __init__(self, total: int, done: int) -> None:
        """Begins with `total` pictures, of which an earlier command has done some."""
        self.total = total
        self.done = done
        self.failed = 0
        self.runs: dict[str, RunStatus] = {}  # that go on, by name, in the order of their start
        self._paces: dict[str, Pace] = {}

    @property
    def is_single(self) -> bool:
        """Whether there is one picture: then its calls are shown, and the command itself reports its end."""
        return self.total == 1

    @property
    def processed(self) -> int:
        """Pictures that are done or have failed."""
        return self.done + self.failed

    def take(self, event: Event) -> None:
        """Takes the newest event into account."""
        match event:
            case Started(name, iteration, iterations):
                self._paces[name] = Pace()
                self.runs[name] = RunStatus(iteration, iterations, None, None, {})
            case Advanced(name, progress):
                self.runs[name] = self._paces[name].after(progress)
            case Finished(name):
                self.done += 1
                self._forget(name)
            case Failed(name):
                self.failed += 1
                self._forget(name)

    def in_words(self, note: Note) -> str:
        """A note as a line, with the name of its run where there are several."""
        return note.text if note.name is None or self.is_single else f"{note.name}: {note.text}"

    def _forget(self, name: str) -> None:
        self.runs.pop(name, None)  # a run may fail before it starts
        self._paces.pop(name, None)
