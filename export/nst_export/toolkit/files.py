"""The files of a version, with their digests."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from nst_export.errors import SavedModelError
from nst_export.saved_model.model_folder import unreadable
from nst_export.toolkit.report import File

HASHED_BY_DEFAULT = 2**28  # bytes of a version: half a second; beyond it only where it is asked for
MOST_FILES = 10_000  # more is not a version, and reading on would take for ever


def files_in(folder: Path, *, digests: bool | None = None) -> list[File]:
    """Every file, by path.

    Args:
        folder: of a version; links to folders in it are not followed, so that a loop of them ends.
        digests: of all files or of none; None computes them where they take less than a second.

    Raises:
        SavedModelError: a file cannot be read, or there are too many.
    """
    try:
        sizes = dict(_sizes(folder))
        hashed = digests if digests is not None else sum(sizes.values()) <= HASHED_BY_DEFAULT
        return [File(path, size, sha256_of(folder / path) if hashed else None) for path, size in sizes.items()]
    except OSError as error:
        raise SavedModelError(*unreadable(folder, error)) from error


def sha256_of(file: Path) -> str:
    """The digest of a file, in hexadecimal.

    Raises:
        OSError: it cannot be read.
    """
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while piece := stream.read(2**20):
            digest.update(piece)
    return digest.hexdigest()


def _sizes(folder: Path) -> Iterator[tuple[str, int]]:
    found: list[Path] = []
    for parent, folders, names in os.walk(folder, onerror=_raise):
        folders.sort()
        found += [Path(parent, name) for name in names]
        if len(found) > MOST_FILES:
            raise SavedModelError(f"{folder} holds more than {MOST_FILES:,} files.", "Name a version's folder.")
    for path in sorted(found):
        if not path.is_file():
            what = "leads nowhere" if path.is_symlink() else "is neither a file nor a folder"
            raise SavedModelError(f"{path} {what}.", "Remove it, or copy the whole version folder again.")
        yield path.relative_to(folder).as_posix(), path.stat().st_size


def _raise(error: OSError) -> None:
    raise error
