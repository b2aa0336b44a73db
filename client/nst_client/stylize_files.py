"""`nst stylize`: two picture files in, one out, watched on the way."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from nst_client.checkpoint import Checkpoint
from nst_client.contract import LOSS_COLUMNS
from nst_client.display import DisplayKind
from nst_client.errors import Diverged, NstError
from nst_client.interrupt import Stopped
from nst_client.painting import paint
from nst_client.pictures import Picture, check_writable, read_picture, write_picture
from nst_client.progress import Progress
from nst_client.run import Patience
from nst_client.settings import Settings
from nst_client.side_files import SideFiles, SideWriter, check_side_files
from nst_client.state_file import SavedRun, StateFileError, check_state_writable
from nst_client.style_client import StyleClient
from nst_client.watcher import Watcher, watching


class Files(NamedTuple):
    """The files of one run."""

    content: Path
    style: Path
    output: Path
    state: Path  # where the run is saved until it ends
    keep_state: bool = False  # after the end too, so that it can go on further
    resume: Path | None = None  # where it was saved before
    side: SideFiles = SideFiles()


def check_files(files: Files) -> None:
    """Refuses, before anything is computed, what could not be written, or what would be lost.

    Raises:
        NstError: for the first such file.
    """
    check_writable(files.output)
    check_side_files(files.side)
    check_state_writable(files.state)
    if files.state.exists() and not (files.resume is not None and files.state.samefile(files.resume)):
        raise StateFileError(
            f"{files.state} holds a run that has not ended.",
            f"Go on with --resume {files.state}, or delete it, or name another one with --state.",
        )


class FileRun:
    """One run from files to files."""

    def __init__(
        self,
        files: Files,
        settings: Settings,
        client: StyleClient,
        *,
        resumed: SavedRun | None = None,
        resume_command: str,
    ) -> None:
        """Reads both pictures.

        Args:
            files: of the run.
            settings: of the run.
            client: of the servers.
            resumed: the run to go on with.
            resume_command: what a person is told to type when it ends early.

        Raises:
            NstError: a file cannot be read, or could not be written.
        """
        check_files(files)
        self._files = files
        self._settings = settings
        self._client = client
        self._resume_command = resume_command
        self._content, self._style = (read_picture(file, settings.size) for file in (files.content, files.style))
        names = {"content": files.content.name, "style": files.style.name, "model": client.model}
        self._names = names
        self._checkpoint = Checkpoint(files.state, {**names, **settings.as_json()}, resumed)
        self.transparent = self._content.alpha is not None
        self._done_before = 0 if resumed is None else resumed.progress.iteration

    def run(self, display_kind: DisplayKind, deadline_seconds: float | None = None) -> dict[str, Any]:
        """Stylises, writes the result with its parameters and what is wanted beside it, and returns a report.

        Alpha of the content comes back in the result.

        Raises:
            Stopped: somebody asked for it. The picture so far and the run are saved.
            NstError: the run could not be done. It is saved if it had begun, and an older result is as it was,
                except that of a run that diverged: its best picture is kept.
        """
        title = f"{self._files.content.name} in the manner of {self._files.style.name}"
        begin = time.monotonic()
        with watching(display_kind, title, done=self._done_before, iterations=self._settings.iterations) as (
            display,
            interrupt,
        ):
            side = SideWriter(self._files.side, self._files.output, self._content, display.note)
            try:
                progress = paint(
                    self._client,
                    self._content,
                    self._style,
                    self._settings,
                    self._checkpoint,
                    onlooker=Watcher(display, interrupt, side),
                    stop_at_multiples_of=self._files.side.save_every,
                    patience=Patience(deadline_seconds=deadline_seconds),
                )
            except NstError as error:
                raise self._explained(error) from error
            seconds = time.monotonic() - begin
            try:
                self._write_picture(progress)
                side.finish(self._checkpoint.losses)
            except NstError as error:
                raise self._saved(error) from error
            self._end_saving()
        return self._report(progress, seconds)

    def _explained(self, error: NstError) -> NstError:
        """What to tell of a run that ended early, after saving what it came to."""
        progress, state = self._checkpoint.progress, self._files.state
        if isinstance(error, Diverged):
            self._checkpoint.discard()
            if error.best is None:
                return error
            self._write_picture(error.best)
            words = (
                f"{error} The best picture is kept, that after {error.best.iteration} iterations: {self._files.output}."
            )
            return Diverged(words, error.remedy, error.best)
        if isinstance(error, Stopped):
            return self._stopped(progress)
        if progress is not None and state.exists():
            error.remedy += f" Then go on with: {self._resume_command}"
        return error

    def _stopped(self, progress: Progress | None) -> Stopped:
        """The picture so far, and how to go on."""
        if progress is None:
            return Stopped("Nothing is done yet.", "Start it again.")
        self._write_picture(progress)
        done = f"{progress.iteration} of {progress.iterations} iterations are done"
        saved = self._files.state.exists()
        remedy = f"Go on with: {self._resume_command}" if saved else "The run could not be saved: it starts anew."
        return Stopped(f"{done}; the picture so far is {self._files.output}.", remedy)

    def _saved(self, error: NstError) -> NstError:
        """What to tell of a run that is done, but whose files cannot be written."""
        with contextlib.suppress(NstError):  # a disk that is full for it too; what was saved before still stands
            self._checkpoint.save()
        error.remedy += f" Then go on with: {self._resume_command}"
        return error

    def _write_picture(self, progress: Progress) -> None:
        parameters = self._parameters(progress)
        write_picture(self._files.output, Picture(progress.image, self._content.alpha), parameters)

    def _end_saving(self) -> None:
        if self._files.keep_state:
            self._checkpoint.save()
        else:
            self._checkpoint.discard()

    def _parameters(self, progress: Progress) -> dict[str, Any]:
        height, width, _ = progress.image.shape
        done = {"version": progress.version, "iterations": progress.iteration, "size": [width, height]}
        return {**self._names, **self._settings.as_json(), **done}

    def _report(self, progress: Progress, seconds: float) -> dict[str, Any]:
        first, last = (_row(row) for row in self._checkpoint.losses[[0, -1]])
        losses = {"first": first, "last": last}
        return {"output": str(self._files.output), **self._parameters(progress), "seconds": seconds, "losses": losses}


def _row(losses: np.ndarray) -> dict[str, float]:
    return dict(zip(LOSS_COLUMNS, map(float, losses), strict=True))
