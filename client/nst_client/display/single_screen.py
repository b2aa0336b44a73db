"""The live display of one run: a title, a bar and the losses."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import RenderableType
from rich.text import Text

from nst_client.display.bars import bar_and_words, heading
from nst_client.display.pace import RunStatus
from nst_client.display.words import GAP, losses_in_words, packed, rate_in_words, size_in_words, time_in_words

# Columns kept for the words after the bar, so that its length does not jump about with theirs.
RATE_WIDTH = len("99.9 s/iteration")
LEFT_WIDTH = len("23 h 59 min left")


def single_screen(title: str, status: RunStatus | None, seconds: float, width: int) -> Iterable[RenderableType]:
    """Its lines.

    Args:
        title: what runs.
        status: None while the run has not started.
        seconds: that have gone by.
        width: columns of the terminal.
    """
    yield heading(title, seconds, width)
    if status is None:
        return
    counts = f"{status.iteration:>{len(str(status.iterations))}}/{status.iterations}"
    reserved = len(counts) + RATE_WIDTH + LEFT_WIDTH + 2 * len(GAP)
    yield from bar_and_words(status.iteration, status.iterations, [counts, *_speed(status)], reserved, width)
    size = [] if status.size is None else [size_in_words(status.size)]
    for line in packed(size + (losses_in_words(status.losses) or ["waiting for the first picture"]), width):
        yield Text(line, style="dim", no_wrap=True)


def _speed(status: RunStatus) -> list[str]:
    if status.iterations_per_second is None or status.seconds_left is None:
        return []
    return [rate_in_words(status.iterations_per_second), f"{time_in_words(status.seconds_left)} left"]
