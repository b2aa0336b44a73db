"""Terminals for live displays, and what a person sees of what is written to them."""

from __future__ import annotations

import io
import re

from rich.cells import cell_len
from rich.console import Console

COLOUR = re.compile(r"\x1b\[[\d;]*m")


class Teletype:
    """The few things that a terminal does when a live display writes to it."""

    def __init__(self, written: str) -> None:
        self.lines, self.cursor_is_shown, row = [""], True, 0
        for part in re.findall(r"\x1b\[[?\d;]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", COLOUR.sub("", written)):
            if part == "\n":
                row += 1
                self.lines += [""] * (row == len(self.lines))
            elif part in ("\x1b[?25l", "\x1b[?25h"):
                self.cursor_is_shown = part.endswith("h")
            elif part == "\x1b[2K":
                self.lines[row] = ""
            elif part.endswith("A") and part.startswith("\x1b"):
                row -= int(part[2:-1])
            elif part != "\r":
                assert not part.startswith("\x1b"), part
                self.lines[row] += part

    @property
    def text(self) -> list[str]:
        return [line.rstrip() for line in self.lines if line]


def terminal(width: int = 80, term: str = "xterm") -> Console:
    return Console(
        file=io.StringIO(),
        width=width,
        height=24,
        force_terminal=True,
        color_system="standard",
        _environ={"TERM": term},
    )


def screen(display: object, width: int) -> list[str]:
    """The lines that a display draws, of which none may be wider than the terminal."""
    console = terminal(width)
    console.print(display)
    lines = COLOUR.sub("", console.file.getvalue()).splitlines()
    assert all(cell_len(line) <= width for line in lines)
    return [line.rstrip() for line in lines]
