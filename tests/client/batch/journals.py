"""Journals of a test's folder."""

from __future__ import annotations

from pathlib import Path

from nst_client.batch.journal import Journal
from nst_client.batch.pairs import Pair
from nst_client.jobs.settings import Settings

SETTINGS = Settings(20, 64, {"style_weight": 0.1})

# What the processes that are killed begin with: the journal of the folder in argv[1], and its pairs.
OPENED = """
import sys
from pathlib import Path
from nst_client.batch.pairs import Pair
from nst_client.batch.journal import Journal
from nst_client.jobs.settings import Settings

folder = Path(sys.argv[1])
def pair(name):
    return Pair(folder / "a.jpg", folder / "x.png", folder / name, Settings(20, 64))
with Journal(folder, model="nst") as journal:
"""


def written_pair(folder: Path) -> Pair:
    """A pair whose result has been written."""
    made = Pair(folder / "a.jpg", folder / "x.png", folder / "a_x.png", SETTINGS)
    for file in made[:3]:
        file.write_text("a picture")
    return made


def journal(folder: Path, *, model: str = "nst", version: int | None = 1) -> Journal:
    return Journal(folder, model=model, version=version)


def record(folder: Path, *pairs: Pair) -> None:
    with journal(folder) as opened:
        for pair in pairs:
            opened.done(pair, 1.5, 1)


def is_done(folder: Path, pair: Pair, **model) -> bool:
    with journal(folder, **model) as opened:
        return opened.is_done(pair)
