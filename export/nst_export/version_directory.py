"""Version directories as TensorFlow Serving reads them: whole or not there at all."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from nst_export.errors import VersionError


def next_version(model_dir: Path) -> int:
    """One above the highest version there is: 1 for a new model."""
    if not model_dir.is_dir():
        return 1
    return 1 + max((int(child.name) for child in model_dir.iterdir() if child.name.isdecimal()), default=0)


@contextlib.contextmanager
def new_version(target: Path) -> Iterator[Path]:
    """A folder to write a version into, which becomes `target` when the block ends well.

    Until then it stands beside its place under a name that is no number, so that a server polling
    the model's folder does not load half of it. It is synced to disk and renamed at the end, and removed if
    anything fails.

    Raises:
        VersionError: the version exists, or the folder cannot be written.
    """
    model_dir = target.parent
    if target.exists():
        raise VersionError(f"{target} exists already.", "Leave --version out to take the next free number.")
    remedy = "Check the folder's permissions and the free space on its disk."
    staging: Path | None = None
    try:
        model_dir.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f"unfinished-{target.name}-", dir=model_dir))
        yield staging
        staging.chmod(0o755)  # mkdtemp's 0700 would keep a server under another user out
        _sync(staging)
        staging.rename(target)
        _sync_directory(model_dir)
    except OSError as error:
        raise VersionError(f"{target} cannot be written: {error.strerror or error}.", remedy) from error
    finally:
        if staging is not None and staging.exists():
            shutil.rmtree(staging)


def _sync(folder: Path) -> None:
    for path in [*folder.rglob("*"), folder]:
        if path.is_dir():
            _sync_directory(path)
        else:
            with path.open("rb") as file:
                os.fsync(file.fileno())


def _sync_directory(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
