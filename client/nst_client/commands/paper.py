"""How wide a command's tables may be, and whether in colours."""

from __future__ import annotations

import shutil
import sys
from typing import NamedTuple

WIDTH_OF_A_PIPE = 120  # letters


class Paper(NamedTuple):
    """What a command prints on."""

    width: int  # letters
    colour: bool


def standard_output() -> Paper:
    """A terminal has its own width; what goes elsewhere is not folded more than need be."""
    on_a_terminal = sys.stdout.isatty()
    return Paper(shutil.get_terminal_size().columns if on_a_terminal else WIDTH_OF_A_PIPE, on_a_terminal)
