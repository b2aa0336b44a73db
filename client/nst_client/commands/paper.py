"""How a command shows what it has found: how wide its tables may be, whether in colours, or as JSON."""

from __future__ import annotations

import importlib
import json
import shutil
import sys
from typing import Any, NamedTuple

WIDTH_OF_A_PIPE = 120  # letters


class Paper(NamedTuple):
    """What a command prints on."""

    width: int  # letters
    colour: bool


def standard_output() -> Paper:
    """A terminal has its own width; what goes elsewhere is not folded more than need be."""
    on_a_terminal = sys.stdout.isatty()
    return Paper(shutil.get_terminal_size().columns if on_a_terminal else WIDTH_OF_A_PIPE, on_a_terminal)


def shown(report: Any, screen: str, *, as_json: bool) -> str:
    """A record of `nst_export`, which the client must not import, as text.

    Args:
        report: the record.
        screen: the module whose function `screen` shows it to people.
        as_json: show it to programs.
    """
    if as_json:
        return json.dumps(importlib.import_module("nst_export.saved_model.model_card").json_value(report))
    return str(importlib.import_module(screen).screen(report, **standard_output()._asdict()))
