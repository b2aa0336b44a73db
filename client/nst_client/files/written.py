"""Files written whole or not at all, and whether they can be."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
import uuid
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import BinaryIO

from nst_client.errors import DiskFull, FileError
from nst_client.files.remedies import NO_SPACE, remedy_for


def check_can_write(file: Path, suffixes: Collection[str], kind: str) -> None:
    """Refuses, before anything is computed, a path to which `write_whole` could not write.

    Args:
        file: the path; a file that is there already is no obstacle if it can be replaced.
        suffixes: those that stand for `kind`, in small letters and with their dots.
        kind: what the file is to be, in words: "a picture format".

    Raises:
        FileError: another suffix, a folder that does not exist or may not be written to, or a file that may not be
            replaced.
    """
    if file.suffix.lower() not in suffixes:
        remedy = "Use one of" if len(suffixes) > 1 else "Use"
        raise FileError(f"{file} has no suffix of {kind}.", f"{remedy} {', '.join(suffixes)}.")
    try:
        if not file.parent.is_dir():
            raise FileError(f"There is no folder {file.parent}.", "Make it, or choose another folder.")
        with contextlib.suppress(FileNotFoundError):
            file.stat()  # a name that is too long fails here
        if file.is_dir():
            raise FileError(f"{file} is a folder.", "Name a file.")
        with tempfile.TemporaryFile(dir=file.parent):
            pass
        check_replaceable(file)
    except OSError as error:
        raise _cannot_be_written(file, error) from error


def check_replaceable(file: Path, *, user: int | None = None, open_file: Callable[[Path, int], int] = os.open) -> None:
    """Refuses a file that is there and that a rename could not replace, though its folder may be written to.

    Args:
        file: the path; nothing need be there.
        user: who will rename; by default whoever runs this. Only where files have owners.
        open_file: as `os.open`.

    Raises:
        FileError: it cannot be replaced.
        OSError: nothing can be said of it.
    """
    try:
        status, folder = file.lstat(), file.parent.stat()
    except FileNotFoundError:
        return
    if os.name == "posix":
        user = os.geteuid() if user is None else user
        if folder.st_mode & stat.S_ISVTX and user not in (0, status.st_uid, folder.st_uid):
            message = f"{file} belongs to another user, and in {file.parent} nobody may replace what is another's."
            raise FileError(message, "Choose another folder or name.")
    if not stat.S_ISREG(status.st_mode):
        return
    try:
        os.close(open_file(file, os.O_WRONLY))
    except OSError as error:  # EACCES alone forbids to write into it, and on POSIX systems not to replace it
        if error.errno == errno.EPERM or os.name != "posix":
            message = f"{file} is protected from changes, or another program has it open."
            raise FileError(message, "Choose another name, or unprotect it (chattr -i, chflags nouchg).") from error


def write_whole(file: Path, data: bytes | memoryview) -> None:
    """Writes a file at once; see `replacing`."""
    with replacing(file) as stream:
        stream.write(data)


@contextlib.contextmanager
def replacing(file: Path, sync: Callable[[int], None] = os.fsync) -> Iterator[BinaryIO]:
    """A stream beside the file's place, renamed when it is whole, so that nobody ever sees half of it.

    Args:
        file: its place.
        sync: brings what was written to the descriptor's file onto the disk.

    Raises:
        FileError: it cannot be written, and an older file is as it was; DiskFull where there is no space.
    """
    temporary = file.with_name(f".nst-{uuid.uuid4().hex}")
    try:
        with temporary.open("xb") as stream:
            yield stream
            stream.flush()
            sync(stream.fileno())
        temporary.replace(file)
    except OSError as error:
        raise _cannot_be_written(file, error) from error
    finally:
        with contextlib.suppress(OSError):  # it is gone if it was renamed
            temporary.unlink()


def make_folder(folder: Path) -> None:
    """Makes a folder, and those that it is in, unless it is there.

    Raises:
        FileError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"The folder {folder} cannot be made: {error.strerror or error}."
        raise FileError(message, remedy_for(error)) from error


def _cannot_be_written(file: Path, error: OSError) -> FileError:
    kind = DiskFull if error.errno in NO_SPACE else FileError
    return kind(f"{file} cannot be written: {error.strerror or error}.", remedy_for(error))
