"""The live display in a terminal."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.live import Live
from rich.text import Text

from nst_client.display.batch_screen import batch_screen
from nst_client.display.events import Event, Failed, Finished, Note
from nst_client.display.overview import Overview
from nst_client.display.single_screen import single_screen
from nst_client.display.words import printable

REFRESHES_PER_SECOND = 2.0  # for the stopwatch: nothing else changes between two events


class TerminalDisplay:
    """A screen that is redrawn in place and gone when `live` ends; notes and failures stay above it."""

    def __init__(self, overview: Overview, title: str, console: Console, clock: Callable[[], float]) -> None:
        """Takes what there is to do, what a single run is called, where to draw, and a clock in seconds."""
        self._overview = overview
        self._title = printable(title)
        self._clock = clock
        self._start = clock()
        self._done_before = overview.done
        self._pictures_per_second: float | None = None
        # Never held while `live` is asked for something: it holds a lock of its own when it asks for the screen.
        self._lock = threading.RLock()
        self.live = LiveScreen(self, console)

    def show(self, event: Event) -> None:
        """Takes the event in, prints what is to stay, and redraws the screen."""
        with self._lock:
            self._overview.take(event)
            if isinstance(event, Finished):
                self._measure()
            line = self._line(event)
        if line is not None:
            self.live.say(line)
        if not isinstance(event, Note):
            self.live.refresh()

    def _measure(self) -> None:
        """Over the whole batch: runs that go on side by side finish in bursts, which say nothing of the rate."""
        seconds = self._clock() - self._start
        if seconds > 0:
            self._pictures_per_second = (self._overview.done - self._done_before) / seconds

    def _line(self, event: Event) -> str | None:
        match event:
            case Note():
                return self._overview.in_words(event)
            case Failed(name, reason) if not self._overview.is_single:
                return f"{name} failed: {reason}"
        return None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterable[RenderableType]:
        """The screen, as wide as the terminal is at the moment."""
        del console
        overview, width, seconds = self._overview, options.max_width, self._clock() - self._start
        with self._lock:
            if overview.is_single:
                status = next(iter(overview.runs.values()), None)
                return list(single_screen(self._title, status, seconds, width))
            return list(batch_screen(overview, self._pictures_per_second, seconds, width))


class LiveScreen(Live):
    """A screen that is redrawn in place and gone at the end, with lines above it that stay."""

    def __init__(self, screen: RenderableType, console: Console) -> None:
        """Leaves stdout, which is for results, alone."""
        super().__init__(
            screen,
            console=console,
            transient=True,
            redirect_stdout=False,
            refresh_per_second=REFRESHES_PER_SECOND,
        )

    def say(self, line: str) -> None:
        """Prints a line above the screen, from any thread.

        A plain print draws the screen anew and writes later: what another thread draws in between would be
        erased at the wrong place. `refresh` holds this lock for both.
        """
        with self._lock:
            self.console.print(Text(printable(line)))
