"""Tables and sections as a terminal shows them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

INDENT = 2


def sections_as_text(sections: Iterable[tuple[str, RenderableType]], *, width: int, colour: bool) -> str:
    """Each with its title, at most `width` letters wide; `colour` is for terminals."""
    console = Console(width=width, force_terminal=colour, color_system="standard" if colour else None, highlight=False)
    with console.capture() as capture:
        for title, content in sections:
            console.print(Text(title, style="bold"))
            console.print(Padding(content, (0, 0, 1, INDENT)))
    return "\n".join(line.rstrip() for line in capture.get().splitlines()).rstrip()


def table(titles: Sequence[str], rows: Sequence[Sequence[str]], *, head: bool = True) -> Table:
    """Columns without lines between them; the last one's text may go on in further lines."""
    made = Table(box=None, show_header=head, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for place, title in enumerate(titles):
        last = place == len(titles) - 1
        made.add_column(title, overflow="fold", no_wrap=not last)
    for row in rows:
        made.add_row(*map(Text, row))
    return made
