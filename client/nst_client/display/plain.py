"""Displays for logs and for silence."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import IO

from nst_client.display.events import Advanced, Event, Failed, Finished, Note
from nst_client.display.overview import Overview
from nst_client.display.pace import RunStatus
from nst_client.display.words import losses_in_words, printable, rate_in_words, size_in_words, time_in_words


class QuietDisplay:
    """Shows nothing at all."""

    def show(self, event: Event) -> None:
        """Nothing."""


class LineDisplay:
    """Writes a line for every event that has one."""

    def __init__(self, overview: Overview, file: IO[str], line_of: Callable[[Event, Overview], str | None]) -> None:
        """Takes what there is to do, where to write, and what makes an event's line: it sees the event counted."""
        self._overview = overview
        self._file = file
        self._line_of = line_of
        self._lock = threading.RLock()

    def show(self, event: Event) -> None:
        """Writes the event's line at once. A log on a full disk, or in a closed terminal, must not end the run."""
        with self._lock:
            self._overview.take(event)
            line = self._line_of(event, self._overview)
            if line is not None:
                with contextlib.suppress(OSError):
                    self._file.write(f"{line}\n")
                    self._file.flush()


def words_of(event: Event, overview: Overview) -> str | None:
    """The event for a log: one line for each call of a single run, or for each picture of several."""
    count = f"{overview.processed}/{overview.total}"
    match event:
        case Note():
            return printable(overview.in_words(event))
        case Advanced(name) if overview.is_single:  # the calls of many runs would only mix
            return _status_in_words(overview.runs[name])
        case Finished(name, seconds) if not overview.is_single:
            return printable(f"{count} {name}: {seconds:.1f} s")
        case Failed(name, reason) if not overview.is_single:
            return printable(f"{count} {name} failed: {reason}")
    return None


def _status_in_words(status: RunStatus) -> str:
    """`120/200 iterations, 1.2/s, 67 s left; total 0.0139, content 0.00340, ...`."""
    parts = [f"{status.iteration}/{status.iterations} iterations"]
    if status.size is not None:
        parts.append(size_in_words(status.size))
    if status.iterations_per_second is not None:
        parts.append(rate_in_words(status.iterations_per_second))
    if status.seconds_left is not None:
        parts.append(f"{time_in_words(status.seconds_left)} left")
    return "; ".join(", ".join(words) for words in (parts, losses_in_words(status.losses)) if words)
