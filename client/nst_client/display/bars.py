"""Headings and bars of a live display, as wide as its terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.console import RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from nst_client.display.words import GAP, clock_in_words, packed, shortened

SHORTEST_BAR = 16  # columns; where there are fewer, the bar has a line of its own


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
