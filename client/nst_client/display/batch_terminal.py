"""The live display of many runs in a terminal."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.table import Table
from rich.text import Text

from nst_client.display.single_terminal import LiveDisplay, bar, bar_and_words, heading
from nst_client.display.words import GAP, printable, shortened, time_in_words
from nst_client.progress import Progress

RUN_LINES = 8  # below the bar: with the heading, half of a terminal of 24 lines stays for what is above
RUN_BAR_WIDTH = 20  # columns of a run's own bar: a difference of a twentieth shows
NARROW = 60  # columns, below which a run's name needs the place of its bar

# Columns kept for the words after the bar, so that its length does not jump about with theirs.
RATE_WIDTH = len("99.9/min")
LEFT_WIDTH = len("23 h 59 min left")


class BatchTerminal:
    """A bar over all pictures and a line for each run, redrawn in place; they are gone when `live` ends."""

    def __init__(self, total: int, done: int, console: Console, clock: Callable[[], float]) -> None:
        self._total = total
        self._done = done
        self._failed = 0
        self._finished = 0  # in this batch: `_done` less those of an earlier one
        self._running: dict[str, tuple[int, int]] = {}  # iteration and iterations, in the order of their start
        self._clock = clock
        self._start = self._newest_finish = clock()
        # Held for a moment by whoever changes or reads the numbers, never while drawing: the live display has
        # a lock of its own, which it holds when it asks for the screen.
        self._lock = threading.Lock()
        self.live = LiveDisplay(self, console)

    def started(self, name: str, iterations: int) -> None:
        """A line for the run."""
        with self._lock:
            self._running[name] = (0, iterations)
        self.live.refresh()

    def advanced(self, name: str, progress: Progress) -> None:
        """The run's line goes on."""
        with self._lock:
            self._running[name] = (progress.iteration, progress.iterations)
        self.live.refresh()

    def finished(self, name: str, seconds: float) -> None:
        """The run's line gives way, the bar goes on."""
        del seconds
        with self._lock:
            self._running.pop(name, None)
            self._done += 1
            self._finished += 1
            self._newest_finish = self._clock()
        self.live.refresh()

    def failed(self, name: str, reason: str) -> None:
        """The same, and the reason is printed above the display, where it stays."""
        with self._lock:
            self._running.pop(name, None)
            self._failed += 1
        self.note(f"{name} failed: {reason}")
        self.live.refresh()

    def note(self, text: str) -> None:
        """Prints the text above the display, where it stays."""
        self.live.say(text)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterable[RenderableType]:
        """The screen, as wide as the terminal is at the moment."""
        del console
        width = options.max_width
        with self._lock:
            processed, words, running = self._done + self._failed, self._words(), dict(self._running)
        counts, *others = words
        yield heading(counts, self._clock() - self._start, width)
        reserved = len("9999 failed") + RATE_WIDTH + LEFT_WIDTH + 2 * len(GAP)
        yield from bar_and_words(processed, self._total, others, reserved, width)
        yield from _run_lines(running, width)

    def _words(self) -> list[str]:
        words = [f"{self._done + self._failed}/{self._total} pictures"]
        if self._failed:
            words.append(f"{self._failed} failed")
        if self._finished and self._newest_finish > self._start:
            # Over the whole batch: runs that go on side by side finish in bursts, which tell nothing of the rate.
            per_second = self._finished / (self._newest_finish - self._start)
            left = (self._total - self._done - self._failed) / per_second
            words += [f"{60 * per_second:.1f}/min", f"{time_in_words(left)} left"]
        return words


def _run_lines(running: Mapping[str, tuple[int, int]], width: int) -> Iterable[RenderableType]:
    """One line for each run: name, bar, iterations; the newest that do not fit are only counted."""
    shown = list(running.items())[: RUN_LINES if len(running) <= RUN_LINES else RUN_LINES - 1]
    counts = {name: f"{iteration}/{iterations}" for name, (iteration, iterations) in shown}
    counts_width = max((len(words) for words in counts.values()), default=0)
    bar_width = 0 if width < NARROW else RUN_BAR_WIDTH + len(GAP)
    # A terminal writes ^C behind the last line: a full one would wrap, and leave a line behind.
    name_width = width - len(GAP) - bar_width - len(GAP) - counts_width - len("^C")
    for name, (iteration, iterations) in shown:
        short = shortened(printable(name), name_width)
        row = Table.grid()
        cells: list[RenderableType] = [Text(GAP + short + " " * (name_width - cell_len(short)) + GAP, no_wrap=True)]
        if bar_width:
            cells += [bar(iteration, iterations, RUN_BAR_WIDTH), GAP]
        row.add_row(*cells, Text(f"{counts[name]:>{counts_width}}", style="dim", no_wrap=True))
        yield row
    if len(running) > len(shown):
        yield Text(f"{GAP}and {len(running) - len(shown)} more", style="dim", no_wrap=True)
