"""The live display of one run in a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from nst_client.display.pace import Pace, Standing
from nst_client.display.words import (
    GAP,
    clock_in_words,
    losses_in_words,
    packed,
    printable,
    rate_in_words,
    shortened,
    time_in_words,
)
from nst_client.progress import Progress

# Columns kept for the words after the bar, so that its length does not jump about with theirs.
RATE_WIDTH = len("99.9 s/iteration")
LEFT_WIDTH = len("23 h 59 min left")
SHORTEST_BAR = 16  # columns; where there are fewer, the bar has a line of its own

REFRESHES_PER_SECOND = 2.0  # for the stopwatch: nothing else changes between two calls


class TerminalDisplay:
    """A title, a bar and the losses, redrawn in place; they are gone when `live` ends."""

    def __init__(self, title: str, standing: Standing, console: Console, clock: Callable[[], float]) -> None:
        self._title = printable(title)
        self._standing = standing
        self._clock = clock
        self._start = clock()
        self._pace = Pace()
        self.live = LiveDisplay(self, console)

    def show(self, progress: Progress) -> None:
        """Redraws the display."""
        self._standing = self._pace.after(progress)
        self.live.refresh()

    def note(self, text: str) -> None:
        """Prints the text above the display, where it stays."""
        self.live.say(text)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterable[RenderableType]:
        """The screen, as wide as the terminal is at the moment."""
        del console
        width, standing = options.max_width, self._standing
        yield heading(self._title, self._clock() - self._start, width)
        counts = f"{standing.iteration:>{len(str(standing.iterations))}}/{standing.iterations}"
        words = [counts, *_speed(standing)]
        reserved = len(counts) + RATE_WIDTH + LEFT_WIDTH + 2 * len(GAP)
        yield from bar_and_words(standing.iteration, standing.iterations, words, reserved, width)
        for line in packed(losses_in_words(standing.losses) or ["waiting for the first picture"], width):
            yield Text(line, style="dim", no_wrap=True)


class LiveDisplay(Live):
    """A display that is redrawn in place and gone at the end, with lines above it that stay."""

    def __init__(self, display: RenderableType, console: Console) -> None:
        """Leaves stdout, which is for results, alone."""
        super().__init__(
            display,
            console=console,
            transient=True,
            redirect_stdout=False,
            refresh_per_second=REFRESHES_PER_SECOND,
        )

    def say(self, line: str) -> None:
        """Prints a line above the display, from any thread.

        A plain print draws the display anew and writes later: what another thread draws in between would be
        erased at the wrong place. `refresh` holds this lock for both.
        """
        with self._lock:
            self.console.print(Text(printable(line)))


def heading(title: str, seconds: float, width: int) -> Text:
    """The title at the left, and at the right a stopwatch that shows that the program is alive."""
    stopwatch = clock_in_words(seconds)
    title = shortened(title, width - len(stopwatch) - len(GAP))
    gap = " " * (width - cell_len(title) - len(stopwatch))
    return Text.assemble((title, "bold"), gap, (stopwatch, "dim"), no_wrap=True)


def bar_and_words(
    completed: int, total: int, words: Sequence[str], reserved: int, width: int
) -> Iterable[RenderableType]:
    """A bar with words after it on the same line, or below it where that leaves too little of the bar.

    Args:
        completed: of `total`.
        total: what a full bar stands for.
        words: none of which is broken.
        reserved: columns that the words may come to take, with the gaps between them.
        width: columns of the terminal.
    """
    row = Table.grid(padding=(0, len(GAP), 0, 0))
    bar_width = width - len(GAP) - reserved
    if bar_width >= SHORTEST_BAR:
        row.add_row(bar(completed, total, bar_width), Text(shortened(GAP.join(words), reserved), no_wrap=True))
        yield row
    else:
        row.add_row(bar(completed, total, width))
        yield row
        yield from (Text(line, no_wrap=True) for line in packed(words, width))


def bar(completed: int, total: int, width: int) -> ProgressBar:
    """A bar whose colour does not change at the end: the run's, not the bar's, end is what counts."""
    return ProgressBar(total=max(total, 1), completed=completed, width=width, finished_style="bar.complete")


def _speed(standing: Standing) -> list[str]:
    if standing.iterations_per_second is None or standing.seconds_left is None:
        return []
    return [rate_in_words(standing.iterations_per_second), f"{time_in_words(standing.seconds_left)} left"]
