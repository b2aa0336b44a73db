"""Displays for logs and for silence."""

from __future__ import annotations

import contextlib
import threading
from typing import IO

from nst_client.display.events import Advanced, Event, Failed, Finished, Note
from nst_client.display.overview import Overview
from nst_client.display.pace import RunStatus
from nst_client.display.words import losses_in_words, printable, rate_in_words, time_in_words


class QuietDisplay:
    """Shows nothing at all."""

    def show(self, event: Event) -> None:
        """Nothing."""


class LineDisplay:
    """Plain lines for a log: one for each call of a single run, or for each picture of several."""

    def __init__(self, overview: Overview, file: IO[str]) -> None:
        """Takes what there is to do, and where to write."""
        self._overview = overview
        self._file = file
        self._lock = threading.RLock()

    def show(self, event: Event) -> None:
        """Writes the event's line, if it has one."""
        with self._lock:
            self._overview.take(event)
            line = self._line(event)
            if line is not None:
                write_line(self._file, printable(line))

    def _line(self, event: Event) -> str | None:
        overview = self._overview
        count = f"{overview.processed}/{overview.total}"
        match event:
            case Note():
                return overview.in_words(event)
            case Advanced(name) if overview.is_single:  # the calls of many runs would only mix
                return _status_in_words(overview.runs[name])
            case Finished(name, seconds) if not overview.is_single:
                return f"{count} {name}: {seconds:.1f} s"
            case Failed(name, reason) if not overview.is_single:
                return f"{count} {name} failed: {reason}"
        return None


def write_line(file: IO[str], line: str) -> None:
    """Writes a line at once. A log on a full disk, or in a closed terminal, must not end the run."""
    with contextlib.suppress(OSError):
        file.write(f"{line}\n")
        file.flush()


def _status_in_words(status: RunStatus) -> str:
    """`120/200 iterations, 1.2/s, 67 s left; total 0.0139, content 0.00340, ...`."""
    parts = [f"{status.iteration}/{status.iterations} iterations"]
    if status.iterations_per_second is not None:
        parts.append(rate_in_words(status.iterations_per_second))
    if status.seconds_left is not None:
        parts.append(f"{time_in_words(status.seconds_left)} left")
    return "; ".join(", ".join(words) for words in (parts, losses_in_words(status.losses)) if words)
