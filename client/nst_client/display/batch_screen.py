"""The live display of many runs: a bar over all pictures and a line for each run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rich.cells import cell_len
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from nst_client.display.bars import bar, bar_and_words, heading
from nst_client.display.overview import Overview
from nst_client.display.pace import RunStatus
from nst_client.display.words import GAP, printable, shortened, time_in_words

RUN_LINES = 8  # below the bar: with the heading, half of a terminal of 24 lines stays for what is above
RUN_BAR_WIDTH = 20  # columns of a run's own bar: a difference of a twentieth shows
NARROW = 60  # columns, below which a run's name needs the place of its bar

# Columns kept for the words after the bar, so that its length does not jump about with theirs.
RATE_WIDTH = len("99.9/min")
LEFT_WIDTH = len("23 h 59 min left")


def batch_screen(
    overview: Overview, pictures_per_second: float | None, seconds: float, width: int
) -> Iterable[RenderableType]:
    """Its lines.

    Args:
        overview: of the batch.
        pictures_per_second: None while it is not known.
        seconds: that have gone by.
        width: columns of the terminal.
    """
    words = [f"{overview.failed} failed"] if overview.failed else []
    if pictures_per_second is not None:
        left = (overview.total - overview.processed) / pictures_per_second
        words += [f"{60 * pictures_per_second:.1f}/min", f"{time_in_words(left)} left"]
    yield heading(f"{overview.processed}/{overview.total} pictures", seconds, width)
    reserved = len("9999 failed") + RATE_WIDTH + LEFT_WIDTH + 2 * len(GAP)
    yield from bar_and_words(overview.processed, overview.total, words, reserved, width)
    yield from _run_lines(overview.runs, width)


def _run_lines(runs: Mapping[str, RunStatus], width: int) -> Iterable[RenderableType]:
    """One line for each run: name, bar, iterations; the newest that do not fit are only counted."""
    shown = list(runs.items())[: RUN_LINES if len(runs) <= RUN_LINES else RUN_LINES - 1]
    counts = {name: f"{status.iteration}/{status.iterations}" for name, status in shown}
    counts_width = max((len(words) for words in counts.values()), default=0)
    bar_width = 0 if width < NARROW else RUN_BAR_WIDTH + len(GAP)
    # A terminal writes ^C behind the last line: a full one would wrap, and leave a line behind.
    name_width = width - len(GAP) - bar_width - len(GAP) - counts_width - len("^C")
    for name, status in shown:
        short = shortened(printable(name), name_width)
        row = Table.grid()
        cells: list[RenderableType] = [Text(GAP + short + " " * (name_width - cell_len(short)) + GAP, no_wrap=True)]
        if bar_width:
            cells += [bar(status.iteration, status.iterations, RUN_BAR_WIDTH), GAP]
        row.add_row(*cells, Text(f"{counts[name]:>{counts_width}}", style="dim", no_wrap=True))
        yield row
    if len(runs) > len(shown):
        yield Text(f"{GAP}and {len(runs) - len(shown)} more", style="dim", no_wrap=True)
