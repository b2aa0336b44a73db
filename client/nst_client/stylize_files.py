"""`nst stylize`: two picture files in, one out, watched on the way."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from nst_client.checkpoint import Checkpoint
from nst_client.contract import LOSS_COLUMNS
from nst_client.display import DisplayKind
from nst_client.errors import Diverged, NstError, PictureError, RequestRefused
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
            f"{files.state} holds another run.",
            f"Go on with --resume {files.state}, or delete it, or name another one with --state.",
        )
    for written in (files.output, files.side.preview):  # Ctrl-C leaves a picture there, and then the run would be lost
        for read in (files.content, files.style):
            if written is not None and written.exists() and read.exists() and written.samefile(read):
                raise PictureError(f"{written} is read: it cannot be written too.", "Name another file.")


class FileRun:
    """One run from files to files."""

    def __init__(
        self,
        files: Files,
        settings: Settings,
        client: StyleClient,
        *,
        resumed: SavedRun | None = None,
        command_to_resume: Callable[[Path], str],
    ) -> None:
        """Reads both pictures.

        Args:
            files: of the run.
            settings: of the run.
            client: of the servers.
            resumed: the run to go on with.
            command_to_resume: what a person is told to type when it ends early, for a saved run.

        Raises:
            NstError: a file cannot be read, or could not be written.
        """
        check_files(files)
        self._files = files
        self._settings = settings
        self._client = client
        self._command_to_resume = command_to_resume
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
        try:
            if isinstance(error, Diverged):
                return self._diverged(error)
            if isinstance(error, Stopped):
                return self._stopped(self._checkpoint.progress)
        except PictureError as picture_error:
            error = picture_error
        return self._with_the_way_on(error)

    def _diverged(self, error: Diverged) -> Diverged:
        """The best picture; the run can only diverge again."""
        words = str(error)
        if error.best is not None:
            self._write_picture(error.best)
            after = f"that after {error.best.iteration} iterations"
            words += f" The best picture is kept, {after}: {self._files.output}."
        if not self._files.keep_state:
            self._checkpoint.discard()
        return Diverged(words, error.remedy, error.best)

    def _stopped(self, progress: Progress | None) -> Stopped:
        """The picture so far, and how to go on."""
        if progress is None:
            return Stopped("Nothing is done yet.", "Start it again.")
        self._write_picture(progress)
        done = f"{progress.iteration} of {self._settings.iterations} iterations are done"
        command = self._resume_command
        remedy = "The run could not be saved: it starts anew." if command is None else f"Go on with: {command}"
        return Stopped(f"{done}; the picture so far is {self._files.output}.", remedy)

    @property
    def _resume_command(self) -> str | None:
        """What goes on with what has been saved."""
        saved = [file for file in (self._files.state, self._files.resume) if file is not None and file.exists()]
        return self._command_to_resume(saved[0]) if saved else None

    def _with_the_way_on(self, error: NstError) -> NstError:
        command = self._resume_command
        if command is not None and not isinstance(error, RequestRefused):  # which the same command would meet again
            error.remedy += f" Then go on with: {command}"
        return error

    def _saved(self, error: NstError) -> NstError:
        """What to tell of a run that is done, but whose files cannot be written."""
        with contextlib.suppress(NstError):  # a disk that is full for it too; what was saved before still stands
            self._checkpoint.save()
        return self._with_the_way_on(error)

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
