"""The bytes of a file that stands in somebody's version folder, as many as it may reasonably have."""

from __future__ import annotations

from pathlib import Path

from nst_export.errors import SavedModelError

COPY_AGAIN = "Copy the whole version folder again, or export the model again."


def bytes_of(file: Path, most: int) -> bytes:
    """All of them.

    Raises:
        SavedModelError: there are more than `most`, it is no plain file, or it cannot be read.
    """
    try:
        size = file.stat().st_size
        if not file.is_file():  # reading a pipe would wait for ever
            raise SavedModelError(f"{file} is not a file.", COPY_AGAIN)
        if size > most:
            raise SavedModelError(f"{file} has {size:,} bytes: it cannot be right with more than {most:,}.", COPY_AGAIN)
        return file.read_bytes()
    except OSError as error:
        raise SavedModelError(f"{file} cannot be read: {error.strerror}.", "Ask its owner for access.") from error
