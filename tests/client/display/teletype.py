"""What a person sees of what a live display writes."""

from __future__ import annotations

import re

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
