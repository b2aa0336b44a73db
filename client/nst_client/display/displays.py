"""Which display suits a command, and for how long it is shown."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Literal

from rich.console import Console

from nst_client.display.events import Display
from nst_client.display.json_lines import json_of
from nst_client.display.overview import Overview
from nst_client.display.plain import LineDisplay, QuietDisplay, words_of

DisplayKind = Literal["terminal", "lines", "json", "quiet"]


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
    title: str = "",
    total: int = 1,
    done: int = 0,
    console: Console | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Display]:
    """Shows runs for the length of the block, and leaves the terminal as it was, notes and failures apart.

    Args:
        kind: see `display_kind`.
        title: what a single run is, in a line; only a terminal shows it.
        total: pictures of the command. A single one is shown call by call, several one by one.
        done: pictures among them that an earlier command has done.
        console: where to; by default stderr, as stdout is for the result.
        clock: seconds, for the time that has gone by.
    """
    console = Console(stderr=True) if console is None else console
    overview = Overview(total, done)
    if kind == "terminal" and not console.is_dumb_terminal:  # a dumb one cannot move its cursor
        from nst_client.display.terminal import TerminalDisplay

        terminal = TerminalDisplay(overview, title, console, clock)
        with terminal.live:
            yield terminal
    elif kind == "json":
        yield LineDisplay(overview, console.file, json_of)
    elif kind == "quiet":
        yield QuietDisplay()
    else:
        yield LineDisplay(overview, console.file, words_of)
