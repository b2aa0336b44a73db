"""Files written whole or not at all, and whether they can be."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
import uuid
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import BinaryIO

from nst_client.errors import DiskFull, FileError


def check_can_write(file: Path, suffixes: Collection[str], kind: str) -> None:
    """Refuses, before anything is computed, a path to which `write_whole` could not write.

    Args:
        file: the path; a file that is there already is no obstacle.
        suffixes: those that stand for `kind`, in small letters and with their dots.
        kind: what the file is to be, in words: "a picture format".

    Raises:
        FileError: another suffix, a folder that does not exist or may not be written to.
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
    except OSError as error:
        message = f"{file} cannot be written: {error.strerror or error}."
        raise FileError(message, "Choose another folder or name.") from error


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
        message = f"{file} cannot be written: {error.strerror or error}."
        kind = DiskFull if error.errno in (errno.ENOSPC, errno.EDQUOT) else FileError
        raise kind(message, "Free some space, or choose another folder.") from error
    finally:
        with contextlib.suppress(OSError):  # it is gone if it was renamed
            temporary.unlink()
