"""What a person or a program sees of a run while it goes on."""

from __future__ import annotations

import contextlib
import json
import math
import time
from collections.abc import Callable, Iterator
from typing import IO, Literal, Protocol

from rich.console import Console

from nst_client.contract import LOSS_COLUMNS
from nst_client.display.pace import Pace, Standing
from nst_client.display.words import losses_in_words, printable, rate_in_words, time_in_words
from nst_client.progress import Progress

DisplayKind = Literal["terminal", "lines", "json", "quiet"]


class Display(Protocol):
    """What the runner of a run tells, whoever looks on."""

    def show(self, progress: Progress) -> None:
        """After each call to the server."""

    def note(self, text: str) -> None:
        """A line for the person, which disturbs nothing: "Connection lost; trying again."."""


def display_kind(quiet: bool, as_json: bool, is_terminal: bool) -> DisplayKind:
    """What suits the flags, of which --quiet is the strongest, and the place that it is written to."""
    if quiet:
        return "quiet"
    if as_json:
        return "json"
    return "terminal" if is_terminal else "lines"


@contextlib.contextmanager
def open_display(
    kind: DisplayKind,
    *,
    title: str,
    done: int,
    iterations: int,
    console: Console | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Display]:
    """Shows a run for the length of the block, and leaves the terminal as it was, notes apart.

    Args:
        kind: see `display_kind`.
        title: what runs, in a line; only a terminal shows it.
        done: updates of the picture made before, by the run that this one goes on from.
        iterations: wanted in the whole run.
        console: where to; by default stderr, as stdout is for the result.
        clock: seconds, for the time that has gone by.
    """
    console = Console(stderr=True) if console is None else console
    if kind == "terminal" and not console.is_dumb_terminal:  # a dumb one cannot move its cursor
        from nst_client.display.single_terminal import TerminalDisplay

        terminal = TerminalDisplay(title, Standing(done, iterations, None, None, {}), console, clock)
        with terminal.live:
            yield terminal
    elif kind == "json":
        yield JsonDisplay(console.file)
    elif kind == "quiet":
        yield QuietDisplay()
    else:
        yield LineDisplay(console.file)


class QuietDisplay:
    """Nothing at all."""

    def show(self, progress: Progress) -> None:
        """Nothing."""

    def note(self, text: str) -> None:
        """Nothing."""


class LineDisplay:
    """A plain line for each call, for a log."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._pace = Pace()

    def show(self, progress: Progress) -> None:
        """`120/200 iterations, 1.2/s, 67 s left; total 0.0139, content 0.00340, ...`."""
        write_line(self._file, _line(self._pace.after(progress)))

    def note(self, text: str) -> None:
        """The text, on a line of its own."""
        write_line(self._file, printable(text))


class JsonDisplay:
    """A JSON object for each call, one a line, for a program."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._pace = Pace()

    def show(self, progress: Progress) -> None:
        """`{"iteration": 120, ...}`: see `standing_as_json`."""
        write_line(self._file, json.dumps(standing_as_json(self._pace.after(progress))))

    def note(self, text: str) -> None:
        """`{"note": "..."}`."""
        write_line(self._file, json.dumps({"note": text}))


def standing_as_json(standing: Standing) -> dict[str, object]:
    """What JSON can say of a standing: a number that is not known or not finite is null."""
    return {
        "iteration": standing.iteration,
        "iterations": standing.iterations,
        "iterations_per_second": standing.iterations_per_second,
        "seconds_left": standing.seconds_left,
        "losses": {name: _finite(standing.losses.get(name, math.nan)) for name in LOSS_COLUMNS},
    }


def write_line(file: IO[str], line: str) -> None:
    """Writes a line at once. A log that is full or that nobody reads any more must not end the run."""
    with contextlib.suppress(OSError):
        file.write(f"{line}\n")
        file.flush()


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _line(standing: Standing) -> str:
    parts = [f"{standing.iteration}/{standing.iterations} iterations"]
    if standing.iterations_per_second is not None:
        parts.append(rate_in_words(standing.iterations_per_second))
    if standing.seconds_left is not None:
        parts.append(f"{time_in_words(standing.seconds_left)} left")
    return "; ".join(", ".join(words) for words in (parts, losses_in_words(standing.losses)) if words)
