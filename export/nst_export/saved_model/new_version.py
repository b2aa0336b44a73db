"""Writing a version whole or not at all. TensorFlow's runtime is not needed."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from nst_export.errors import VersionError
from nst_export.saved_model.version_folder import LARGEST_VERSION, version_number, versions_in

UNFINISHED = "unfinished-"  # begins the name of a version while it is written
TAKEN = {errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR}  # how rename says that its target exists


def next_version(model_dir: Path) -> int:
    """One above the highest version there is: 1 for a new model.

    Raises:
        VersionError: the folder cannot be read, or there is no higher number.
    """
    with _explained(model_dir):
        highest = max([0, *versions_in(model_dir)])
    if highest == LARGEST_VERSION:
        raise VersionError(f"{model_dir} has no version after {highest}.", "Name a free one with --version.")
    return highest + 1


@contextlib.contextmanager
def new_version(target: Path) -> Iterator[Path]:
    """A folder to write a version into, which becomes `target` when the block ends well.

    Until then it stands beside its place under a name that is not a number, so that a server polling
    the model's folder does not load half of it. It is synced to disk and renamed at the end. If
    anything fails it is removed, and so are the folders that were made to hold it.

    Raises:
        VersionError: the version exists, under this or another spelling of its number, or cannot be written.
    """
    with _explained(target), contextlib.ExitStack() as undo:
        _refuse_taken(target)
        for folder in reversed([folder for folder in (target.parent, *target.parent.parents) if not folder.exists()]):
            folder.mkdir(exist_ok=True)
            undo.callback(_remove_if_empty, folder)
        staging = Path(tempfile.mkdtemp(prefix=f"{UNFINISHED}{target.name}-", dir=target.parent))
        undo.callback(shutil.rmtree, staging, ignore_errors=True)
        yield staging
        staging.chmod(0o755)  # mkdtemp's 0700 would keep a server under another user out
        _sync(staging)
        _rename(staging, target)
        undo.pop_all()
        sync_directory(target.parent)


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        remedy = "Check the folder's permissions and the free space on its disk."
        raise VersionError(f"{path} cannot be written: {error.strerror or error}.", remedy) from error


def _refuse_taken(target: Path) -> None:
    number = version_number(target.name)
    for other, folder in versions_in(target.parent).items():
        if other == number:  # perhaps spelt otherwise: 007 is version 7
            raise _taken(folder)
    if target.exists():
        raise _taken(target)


def _taken(target: Path) -> VersionError:
    return VersionError(f"{target} exists already.", "Leave --version out to take the next free number.")


def _rename(staging: Path, target: Path) -> None:
    try:
        staging.rename(target)
    except OSError as error:
        if error.errno in TAKEN:  # another export was faster
            raise _taken(target) from error
        raise


def _remove_if_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()


def _sync(folder: Path) -> None:
    for path in [*folder.rglob("*"), folder]:
        if path.is_dir():
            sync_directory(path)
        else:
            with path.open("rb") as file:
                os.fsync(file.fileno())


def sync_directory(folder: Path) -> None:
    """Brings the names in a folder to the disk.

    Raises:
        OSError: that failed.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
