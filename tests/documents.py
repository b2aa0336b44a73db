"""The parts of the documents that are made from the program: `make docs` writes them anew.

A part stands in a document between `<!-- begin NAME: made by make docs -->` and `<!-- end NAME -->`; what makes
it stands in `PARTS`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from nst_client.contract import OPTIONS
from nst_graph.presets import PRESETS

ROOT = Path(__file__).parents[1]
DOCUMENTS = ("README.md", "client/README.md", "client/COMMANDS.md")
PART = re.compile(r"(<!-- begin (\w+): made by make docs -->\n).*?(<!-- end \2 -->)", re.DOTALL)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown."""
    head = list(head)
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (head, ["---"] * len(head), *rows))


def options() -> str:
    """The optional inputs, with the defaults of the preset `nst`."""
    rows = (
        [
            f"`{option.name}`",
            f"{option.dtype}[{'n' if option.is_list else ''}]",
            option.range,
            f"{getattr(PRESETS['nst'], option.name):g}",
            option.meaning,
        ]
        for option in OPTIONS.values()
    )
    return table(["option", "type", "range", "default", "meaning"], rows)


def commands() -> str:
    """The help of all commands, as typer's own generator writes it."""
    done = subprocess.run(
        [sys.executable, "-m", "typer", "nst_client.cli", "utils", "docs", "--name", "nst"],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(["", *sys.path])},
    )
    return done.stdout.replace("&#x27;", "'").strip() + "\n"


PARTS: Mapping[str, Callable[[], str]] = {"options": options, "commands": commands}


def renewed(text: str) -> str:
    """A document with its generated parts made anew."""
    return PART.sub(lambda part: f"{part[1]}{PARTS[part[2]]()}{part[3]}", text)


if __name__ == "__main__":
    for name in DOCUMENTS:
        file = ROOT / name
        file.write_text(renewed(file.read_text()))
