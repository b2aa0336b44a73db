"""`nst stylize`: two picture files in, one out, watched on the way."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from nst_client.calls.run import Patience
from nst_client.calls.style_client import StyleClient
from nst_client.contract import LOSS_COLUMNS
from nst_client.display.displays import DisplayKind
from nst_client.display.events import Note
from nst_client.errors import Diverged, FileError, NstError, RequestRefused, StateFileError, Stopped
from nst_client.files.pictures import check_writable, read_picture
from nst_client.files.places import entries_of, folded
from nst_client.jobs.checkpoint import Checkpoint
from nst_client.jobs.observer import Observer
from nst_client.jobs.painting import paint
from nst_client.jobs.result import Result
from nst_client.jobs.settings import Settings
from nst_client.jobs.sizes import check_sides, named_sizes
from nst_client.jobs.state_file import SavedRun, check_state_writable
from nst_client.progress import Progress
from nst_client.stylize.side_files import SideFiles, SideWriter, check_side_files, is_numbered
from nst_client.stylize.watcher import Watcher, watching

KEPT = "kept"  # beside a saved run's settings: whether a person asked for its file, which then outlives the run


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
    _check_distinct(files)


def _check_distinct(files: Files) -> None:
    """A written file must not take the place of one that is read, nor of another one that is written."""
    read = entries_of([files.content, files.style])
    written: set[str] = set()
    for file in (files.output, files.state, *files.side.named()):
        place = folded(file.parent.resolve() / file.name)
        if place in read:
            raise FileError(f"{file} is read: it cannot be written too.", "Name another file.")
        if place in written:
            raise FileError(f"{file} would be written twice.", "Name another file.")
        written.add(place)
    for file in (files.content, files.style, *files.side.named()):
        if files.side.save_every is not None and is_numbered(file, files.output):
            raise FileError(f"{file} has the name of a numbered picture.", "Leave out --save-every, or rename it.")


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
        self._content, self._style = (
            check_sides(file, read_picture(file, settings.size), settings.size) for file in (files.content, files.style)
        )
        names = {"content": files.content.name, "style": files.style.name, "model": client.model}
        self._result = Result(files.output, self._content, settings, names)
        self._checkpoint = Checkpoint(files.state, {**self._result.words, KEPT: files.keep_state}, resumed)
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
        with watching(display_kind, title) as (display, interrupt):
            self._watch_servers(lambda text: display.show(Note(text)))
            side = SideWriter(
                self._files.side, self._files.output, self._content, lambda text: display.show(Note(text))
            )
            observer = Watcher(str(self._files.output), display, interrupt, side)
            observer.started(self._done_before, self._settings.iterations)
            try:
                progress = self._painted(observer, Patience(deadline_seconds=deadline_seconds))
            except Diverged as error:
                raise self._diverged(error, side) from error
            except NstError as error:
                raise self._explained(error, side) from error
            except KeyboardInterrupt as error:  # the second one
                raise self._with_the_way_on(Stopped("Stopped at once.", "")) from error
            seconds = time.monotonic() - begin
            try:
                self._result.write(progress)
                side.finish(self._checkpoint.losses)
                self._end_saving()
                observer.finished(seconds)
            except NstError as error:
                raise self._with_the_way_on(error) from error
            except KeyboardInterrupt as error:
                raise self._with_the_way_on(Stopped("Stopped before all files were written.", "")) from error
        return self._report(progress, seconds)

    def _painted(self, observer: Observer, patience: Patience) -> Progress:
        files = {"content": self._files.content, "style": self._files.style}
        pictures = {"content": self._content, "style": self._style}
        with named_sizes(self._client.describe, files, pictures, self._settings.size):
            return paint(
                self._client,
                self._content,
                self._style,
                self._settings,
                self._checkpoint,
                observer=observer,
                stop_at_multiples_of=self._files.side.save_every,
                patience=patience,
            )

    def _watch_servers(self, note: Callable[[str], None]) -> None:
        self._client.tell_of_servers(note)
        if self._client.servers > 1:  # one that is silent is told by the run itself
            self._client.silent_servers()

    def _diverged(self, error: Diverged, side: SideWriter) -> NstError:
        """Keeps the best picture, and the curves that show what became of it; the run can only diverge again."""
        try:
            kept = self._result.keep_best(error)
        except FileError as picture_error:
            return self._with_the_way_on(picture_error)
        side.finish_early(np.concatenate([self._checkpoint.losses, error.losses]))
        if not self._files.keep_state:
            self._checkpoint.discard()
        return kept

    def _explained(self, error: NstError, side: SideWriter) -> NstError:
        """What to tell of a run that ended early, after saving what it came to."""
        try:
            if isinstance(error, Stopped):
                return self._stopped(self._checkpoint.progress, side)
        except FileError as picture_error:
            error = picture_error
        return self._with_the_way_on(error)

    def _stopped(self, progress: Progress | None, side: SideWriter) -> Stopped:
        """The picture so far, what is wanted beside it, and how to go on."""
        if progress is None:
            return Stopped("Nothing is done yet.", "Start it again.")
        self._result.write(progress)
        if progress.iteration > self._done_before:  # else the files of the run before say more
            side.finish_early(self._checkpoint.losses)
        done = f"{progress.iteration} of {self._settings.iterations} iterations are done"
        command = self._resume_command
        remedy = "The run could not be saved: it starts anew." if command is None else f"Go on with: {command}"
        return Stopped(f"{done}; the picture so far is {self._files.output}.", remedy)

    @property
    def _resume_command(self) -> str | None:
        """What goes on with all that can be saved."""
        saved = self._checkpoint.save_somewhere() or self._files.resume
        return None if saved is None else self._command_to_resume(saved)

    def _with_the_way_on(self, error: NstError) -> NstError:
        command, progress = self._resume_command, self._checkpoint.progress
        went_on = progress is not None and progress.iteration > self._done_before
        if command is not None and (went_on or not isinstance(error, RequestRefused)):  # else it would be refused again
            error.remedy = f"{error.remedy} Then go on with: {command}" if error.remedy else f"Go on with: {command}"
        return error

    def _end_saving(self) -> None:
        if self._files.keep_state:
            self._checkpoint.save()
        else:
            self._checkpoint.discard()

    def _report(self, progress: Progress, seconds: float) -> dict[str, Any]:
        first, last = (_row(row) for row in self._checkpoint.losses[[0, -1]])
        return {
            "output": str(self._files.output),
            **self._result.parameters(progress),
            "iterations_before": self._done_before,
            "seconds": seconds,
            "losses": {"first": first, "last": last},
        }


def _row(losses: np.ndarray) -> dict[str, float]:
    return dict(zip(LOSS_COLUMNS, map(float, losses), strict=True))
