"""The versions of a model as a person reads them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.text import Text

from nst_export.toolkit.tables import sections_as_text, table
from nst_export.toolkit.version_rows import VersionRow
from nst_export.toolkit.words import age_in_words, bytes_in_words

NOTHING = "-"


def version_screen(title: str, rows: Sequence[VersionRow], now: datetime, *, width: int, colour: bool) -> str:
    """The text, at most `width` letters wide; `colour` is for terminals."""
    return sections_as_text(_sections(title, rows, now), width=width, colour=colour)


def _sections(title: str, rows: Sequence[VersionRow], now: datetime) -> Iterator[tuple[str, RenderableType]]:
    servers = list(dict.fromkeys(one.server for row in rows for one in row.served))
    titles = ["version", "age", "size", "weights", "recipe", *["labels"] * any(row.labels for row in rows), *servers]
    yield title, table(titles, [_cells(row, now, titles) for row in rows])
    problems = [f"{row.version}: {problem}" for row in rows for problem in row.problems]
    problems += [f"{row.version}: {one.server}: {one.error}" for row in rows for one in row.served if one.error]
    if problems:
        yield "Problems", Group(*(Text(problem, style="red") for problem in problems))


def _cells(row: VersionRow, now: datetime, titles: Sequence[str]) -> list[str]:
    served = {one.server: " ".join([one.state, *one.labels]) for one in row.served}
    more = f" and {len(row.presets) - 1} more" if len(row.presets) > 1 else ""
    recipe = [*([f"{row.presets[0]}{more}"] if row.presets else []), row.precision, row.pooling]
    cells = {
        "version": str(row.version),
        "age": age_in_words((now - datetime.fromisoformat(row.created)).total_seconds()) if row.created else NOTHING,
        "size": NOTHING if row.bytes is None else bytes_in_words(row.bytes),
        "weights": row.weights or NOTHING,
        "recipe": ", ".join(filter(None, recipe)) or NOTHING,
        "labels": " ".join(row.labels) or NOTHING,
    } | served
    return [cells.get(title, NOTHING) for title in titles]
