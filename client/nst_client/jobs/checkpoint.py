"""What has been done of a run, kept in memory and, so that it survives its process, on disk."""

from __future__ import annotations

import contextlib
import math
import tempfile
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nst_client.contract import LOSS_COLUMNS
from nst_client.errors import FileError, NstError
from nst_client.jobs.state_file import SavedRun, discard_state, write_state
from nst_client.progress import Progress

# Saving may take this part of a run's time: a killed process loses a second of a small picture, a little more of a
# large one, whose state is large.
SAVING_SHARE = 0.05


class Checkpoint:
    """Collects a run's progress, and saves it now and then."""

    def __init__(
        self,
        file: Path,
        settings: Mapping[str, Any],
        resumed: SavedRun | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        temporary_folder: Callable[[], str] = tempfile.gettempdir,
        write: Callable[[Path, SavedRun], None] = write_state,
    ) -> None:
        """Starts empty, or with a run that was saved before; the file is not touched yet.

        Args:
            file: where the run is saved.
            settings: saved with it.
            resumed: the run to go on with.
            clock: seconds.
            temporary_folder: where the run is saved when it cannot be saved in `file`; asked for only then.
            write: writes a run whole or not at all.
        """
        self._clock, self._temporary_folder, self._write = clock, temporary_folder, write
        self._file = file
        self._settings = settings
        self._losses = [np.empty((0, len(LOSS_COLUMNS)), np.float32)]
        self.progress: Progress | None = None  # the newest
        self.has_news = False  # that the file has not
        self.failed = False  # the newest attempt to save it
        self._next_save = -math.inf  # on the clock
        self._written = _identity(file)  # as this run knows it: what is there now is its own
        if resumed is not None:
            self._losses.append(resumed.progress.losses)
            self.progress = resumed.progress

    @property
    def losses(self) -> np.ndarray:
        """Of the whole run so far: float32[iteration, 4]."""
        self._losses = [np.concatenate(self._losses)]
        return self._losses[0]

    def take(self, progress: Progress) -> None:
        """Takes the progress that follows, and saves when it is time.

        Raises:
            FileError: it is not saved; it is taken all the same, and an older file is as it was.
        """
        self._losses.append(progress.losses)
        self.progress = progress
        self.has_news = True
        if self._clock() >= self._next_save:
            self.save()

    def save(self) -> None:
        """Writes the newest progress, if there is any.

        Raises:
            FileError: it cannot be written, or another run has written there; an older file is as it was.
        """
        if self.progress is None:
            return
        begin = self._clock()
        self.failed = True
        try:
            if self._file.exists() and not self._is_own(self._file):
                raise FileError(f"{self._file} has been written by another run meanwhile.", "Use another --state.")
            self._write(self._file, SavedRun(self.progress._replace(losses=self.losses), self._settings))
            self._written = _identity(self._file)
            self.has_news = self.failed = False
        finally:
            end = self._clock()
            self._next_save = end + (end - begin) / SAVING_SHARE

    def save_somewhere(self) -> Path | None:
        """Saves what its file has not, in the folder for temporary files if need be, and returns where the run is.

        Hours of work are not lost for a full disk. What the run saved before on that disk is then deleted: it
        would be taken for another run's.

        Returns:
            None where nothing is saved.
        """
        if self.has_news:
            with contextlib.suppress(NstError):
                self.save()
        if self.has_news:
            self._move(Path(self._temporary_folder(), f"{uuid.uuid4().hex[:8]}-{self._file.name}"))
        return self._file if self._is_own(self._file) else None

    def discard(self) -> None:
        """Deletes the file of a run that needs it no more.

        Raises:
            FileError: it cannot be deleted.
        """
        if self._is_own(self._file):
            discard_state(self._file)

    def _move(self, file: Path) -> None:
        before, written = self._file, self._written
        obsolete = self._is_own(before)
        self._file, self._written = file, None
        try:
            self.save()
            if obsolete:
                discard_state(before)
        except NstError:
            if self.has_news:
                self._file, self._written = before, written

    def _is_own(self, file: Path) -> bool:
        """Whether what is there was written by this run, or is what it goes on from."""
        identity = _identity(file)
        return identity is not None and identity == self._written


def _identity(file: Path) -> tuple[int, int] | None:
    """A file's inode and time, which another file in its place does not have; None where there is no file."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns
