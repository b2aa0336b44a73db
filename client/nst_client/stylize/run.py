"""`nst stylize`: one job, with files beside its picture, that says how to go on when it ends early."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from nst_client.calls.run import Patience
from nst_client.calls.style_client import StyleClient
from nst_client.contract import LOSS_COLUMNS
from nst_client.display.displays import DisplayKind
from nst_client.display.events import Display, Note
from nst_client.errors import Diverged, FileError, NstError, RequestRefused, Stopped
from nst_client.jobs.job import Job
from nst_client.jobs.job_run import JobRun
from nst_client.jobs.settings import Settings
from nst_client.jobs.state_file import SavedRun
from nst_client.progress import Progress
from nst_client.stylize.files import Files, check_files, check_resumed
from nst_client.stylize.watcher import Watcher, watching


class StylizeRun:
    """The run of one `nst stylize`."""

    def __init__(
        self,
        files: Files,
        settings: Settings,
        client: StyleClient,
        *,
        resumed: SavedRun | None = None,
        command_to_resume: Callable[[Path], str],
    ) -> None:
        """Reads the pictures.

        Args:
            files: of the run.
            settings: of the run.
            client: of the servers.
            resumed: the run to go on with.
            command_to_resume: what a person has to type to go on with a saved run.

        Raises:
            NstError: a file cannot be read, or could not be written.
        """
        check_files(files)
        if files.resume is not None and resumed is not None:
            check_resumed(files.resume, resumed.settings, files.sources)
        self._files = files
        self._client = client
        self._command_to_resume = command_to_resume
        job = Job(files.sources, files.output, settings)
        self._run = JobRun(job, client, files.state, keep_state=files.keep_state)
        self._run.begin(resumed)
        self.transparent = self._run.content.alpha is not None

    def run(self, display_kind: DisplayKind, deadline_seconds: float | None = None) -> dict[str, Any]:
        """Stylises, writes the result with its parameters and what is wanted beside it, and returns a report.

        Alpha of the content comes back in the result.

        Raises:
            Stopped: by a signal. The picture so far and the run are saved.
            NstError: the run could not be done. It is saved if it had begun, and an older result is as it was,
                except that of a run that diverged: its best picture is kept.
        """
        with watching(display_kind, self._files.sources.title) as (display, interrupt):
            self._watch_servers(display)
            observer = Watcher(self._files, self._run.content, display, interrupt)
            try:
                progress = self._painted(observer, Patience(deadline_seconds=deadline_seconds))
                self._finish(progress, observer)
            except Stopped:
                raise
            except NstError as error:
                observer.failed(str(error))
                raise
        return self._report(progress)

    def _watch_servers(self, display: Display) -> None:
        self._client.on_server_change(lambda text: display.show(Note(text)))
        if self._client.servers > 1:  # of a single one that is silent the run itself says so
            self._client.silent_servers()

    def _painted(self, observer: Watcher, patience: Patience) -> Progress:
        try:
            return self._run.paint(observer, patience, stop_at_multiples_of=self._files.side.save_every)
        except Diverged:  # going on would only diverge again
            raise
        except Stopped as error:
            raise self._stopped(observer) from error
        except NstError as error:
            raise self._with_resume_command(error) from error
        except KeyboardInterrupt as error:  # the second one
            raise self._with_resume_command(Stopped("Stopped at once.", "")) from error

    def _finish(self, progress: Progress, observer: Watcher) -> None:
        try:
            self._run.finish(progress, observer)
        except NstError as error:
            raise self._with_resume_command(error) from error
        except KeyboardInterrupt as error:
            raise self._with_resume_command(Stopped("Stopped before all files were written.", "")) from error

    def _stopped(self, observer: Watcher) -> NstError:
        """Writes the picture so far and what is wanted beside it, and says how to go on."""
        run, progress = self._run, self._run.checkpoint.progress
        if progress is None:
            return Stopped("Nothing is done yet.", "Start it again.")
        try:
            run.result.write(progress)
        except FileError as error:
            return self._with_resume_command(error)
        if progress.iteration > run.iterations_before:  # else the files of the run before say more
            observer.ended_early(run.checkpoint.losses)
        done = f"{progress.iteration} of {progress.iterations} iterations are done"
        command = self._resume_command
        remedy = "The run could not be saved: it starts anew." if command is None else f"Go on with: {command}"
        return Stopped(f"{done}; the picture so far is {self._files.output}.", remedy)

    @property
    def _resume_command(self) -> str | None:
        """What goes on with all that can be saved."""
        saved = self._run.checkpoint.save_somewhere() or self._files.resume
        return None if saved is None else self._command_to_resume(saved)

    def _with_resume_command(self, error: NstError) -> NstError:
        command, progress = self._resume_command, self._run.checkpoint.progress
        went_on = progress is not None and progress.iteration > self._run.iterations_before
        if command is not None and (went_on or not isinstance(error, RequestRefused)):  # else it would be refused again
            error.remedy = f"{error.remedy} Then go on with: {command}" if error.remedy else f"Go on with: {command}"
        return error

    def _report(self, progress: Progress) -> dict[str, Any]:
        first, last = (_row(row) for row in self._run.checkpoint.losses[[0, -1]])
        return {
            "output": str(self._files.output),
            **self._run.result.parameters(progress),
            "iterations_before": self._run.iterations_before,
            "seconds": self._run.seconds,
            "losses": {"first": first, "last": last},
        }


def _row(losses: np.ndarray) -> dict[str, float]:
    return dict(zip(LOSS_COLUMNS, map(float, losses), strict=True))
