"""Whether two paths are the same place on disk."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from pathlib import Path


def entries_of(files: Iterable[Path]) -> set[str]:
    """The paths at which a file that is written would take the place of one of these."""
    return {folded(path) for file in files for path in (file.parent.resolve() / file.name, file.resolve())}


def folded(path: Path | str) -> str:
    """One text for all names that macOS and Windows hold for the same."""
    return unicodedata.normalize("NFC", str(path)).casefold()
