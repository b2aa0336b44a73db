"""What a person or a program sees of many runs that go on at once."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import IO, Protocol

from rich.console import Console

from nst_client.display.pace import Pace
from nst_client.display.single import DisplayKind, standing_as_json, write_line
from nst_client.display.words import printable
from nst_client.progress import Progress


class BatchDisplay(Protocol):
    """What the runner of a batch tells, from any thread. A picture's name is its own among those that run."""

    def started(self, name: str, iterations: int) -> None:
        """A picture's run begins."""

    def advanced(self, name: str, progress: Progress) -> None:
        """After each call to the server."""

    def finished(self, name: str, seconds: float) -> None:
        """A picture is done and written; its run took so many seconds."""

    def failed(self, name: str, reason: str) -> None:
        """A picture will not be done, because of `reason`; it need not have been started."""

    def note(self, text: str) -> None:
        """A line for the person, which disturbs nothing."""


@contextlib.contextmanager
def open_batch_display(
    kind: DisplayKind,
    *,
    total: int,
    done: int,
    console: Console | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[BatchDisplay]:
    """Shows a batch for the length of the block; notes and failures stay in the terminal, nothing else.

    Args:
        kind: see `display.display_kind`.
        total: pictures of the batch.
        done: pictures among them that an earlier batch has done.
        console: where to; by default stderr, as stdout is for the results.
        clock: seconds, for the time that has gone by.
    """
    console = Console(stderr=True) if console is None else console
    if kind == "terminal" and not console.is_dumb_terminal:  # a dumb one cannot move its cursor
        from nst_client.display.batch_terminal import BatchTerminal

        terminal = BatchTerminal(total, done, console, clock)
        with terminal.live:
            yield terminal
    elif kind == "json":
        yield BatchJson(total, done, console.file)
    elif kind == "quiet":
        yield BatchQuiet()
    else:
        yield BatchLines(total, done, console.file)


class BatchQuiet:
    """Nothing at all."""

    def started(self, name: str, iterations: int) -> None:
        """Nothing."""

    def advanced(self, name: str, progress: Progress) -> None:
        """Nothing."""

    def finished(self, name: str, seconds: float) -> None:
        """Nothing."""

    def failed(self, name: str, reason: str) -> None:
        """Nothing."""

    def note(self, text: str) -> None:
        """Nothing."""


class BatchLines:
    """A plain line for each picture that is done or has failed, for a log."""

    def __init__(self, total: int, done: int, file: IO[str]) -> None:
        self._total = total
        self._processed = done
        self._file = file
        self._lock = threading.Lock()

    def started(self, name: str, iterations: int) -> None:
        """Nothing: the lines of many runs at once would only mix."""

    def advanced(self, name: str, progress: Progress) -> None:
        """Nothing, for the same reason."""

    def finished(self, name: str, seconds: float) -> None:
        """`34/120 photo.jpg: 12.3 s`."""
        self._say_processed(f"{name}: {seconds:.1f} s")

    def failed(self, name: str, reason: str) -> None:
        """`35/120 photo.jpg failed: There is no file photo.jpg.`."""
        self._say_processed(f"{name} failed: {reason}")

    def note(self, text: str) -> None:
        """The text, on a line of its own."""
        with self._lock:
            write_line(self._file, printable(text))

    def _say_processed(self, text: str) -> None:
        with self._lock:
            self._processed += 1
            write_line(self._file, printable(f"{self._processed}/{self._total} {text}"))


class BatchJson:
    """A JSON object for everything that happens, one a line, for a program."""

    def __init__(self, total: int, done: int, file: IO[str]) -> None:
        self._counts = {"done": done, "failed": 0, "total": total}
        self._file = file
        self._paces: dict[str, Pace] = {}
        self._lock = threading.Lock()

    def started(self, name: str, iterations: int) -> None:
        """`{"event": "started", "name": "photo.jpg", "iterations": 200}`."""
        with self._lock:
            self._paces[name] = Pace()
            self._say("started", name, iterations=iterations)

    def advanced(self, name: str, progress: Progress) -> None:
        """`{"event": "advanced", "name": "photo.jpg", "iteration": 120, ...}`: see `display.standing_as_json`."""
        with self._lock:
            self._say("advanced", name, **standing_as_json(self._paces[name].after(progress)))

    def finished(self, name: str, seconds: float) -> None:
        """`{"event": "finished", "name": "photo.jpg", "seconds": 12.3, "done": 34, "failed": 0, "total": 120}`."""
        with self._lock:
            self._paces.pop(name, None)
            self._counts["done"] += 1
            self._say("finished", name, seconds=seconds, **self._counts)

    def failed(self, name: str, reason: str) -> None:
        """`{"event": "failed", "name": "photo.jpg", "reason": "...", "done": 34, "failed": 1, "total": 120}`."""
        with self._lock:
            self._paces.pop(name, None)
            self._counts["failed"] += 1
            self._say("failed", name, reason=reason, **self._counts)

    def note(self, text: str) -> None:
        """`{"note": "..."}`."""
        with self._lock:
            write_line(self._file, json.dumps({"note": text}))

    def _say(self, event: str, name: str, **values: object) -> None:
        write_line(self._file, json.dumps({"event": event, "name": name, **values}))
