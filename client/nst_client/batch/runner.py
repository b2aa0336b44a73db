"""Many pictures over several servers: bounded threads, one for each run in flight."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from nst_client.batch.gallery import Failure
from nst_client.batch.journal import Journal
from nst_client.calls.chunk_size import ChunkSize
from nst_client.calls.run import Patience
from nst_client.calls.style_client import StyleClient
from nst_client.display.events import Display, Failed, Finished, Note, Started
from nst_client.errors import (
    DiskFull,
    Diverged,
    FileError,
    JournalError,
    ModelNotFound,
    NstError,
    ServerUnavailable,
    SignatureNotFound,
    StateFileError,
    StateRefused,
    Stopped,
)
from nst_client.files.pictures import Picture, check_writable, read_picture
from nst_client.jobs.checkpoint import Checkpoint
from nst_client.jobs.interrupt import Interrupt
from nst_client.jobs.job import Job
from nst_client.jobs.observer import Observer
from nst_client.jobs.painting import paint
from nst_client.jobs.result import Result, batch_state_of
from nst_client.jobs.sizes import check_sides, named_sizes
from nst_client.jobs.state_file import SavedRun, discard_state, read_state
from nst_client.progress import Progress

# What would befall every other picture too: no server, no model, no place for the results or the journal.
FATAL = (ServerUnavailable, ModelNotFound, SignatureNotFound, JournalError, DiskFull)


class Batch:
    """The runs of a batch, and what became of them."""

    def __init__(
        self,
        client: StyleClient,
        journal: Journal,
        display: Display,
        interrupt: Interrupt,
        *,
        deadline_seconds: float | None = None,
    ) -> None:
        """Takes the servers, the record, whom to tell, and who may stop it."""
        self._client = client
        self._journal = journal
        self._display = display
        self._interrupt = interrupt
        # A server has answered before a batch begins; from then on all may be restarted at any time.
        self._patience = Patience(deadline_seconds=deadline_seconds, from_the_start=True)
        self._chunk_size = ChunkSize()
        self._lock = threading.Lock()
        self._fatal: BaseException | None = None
        self._was_cut = False  # a run was stopped before its end
        self.done = 0
        self.failures: list[Failure] = []

    def run(self, jobs: Sequence[Job], in_flight: int) -> None:
        """Stylises what the journal does not hold as done, `in_flight` pictures at a time.

        Raises:
            Stopped: somebody asked for it; what was in flight is saved, and goes on with the next batch.
            NstError: what would befall every other picture too.
        """
        waiting = iter(jobs)
        # Daemons: after a second Ctrl-C nobody waits for their calls.
        threads = [threading.Thread(target=self._work, args=(waiting,), daemon=True) for _ in range(in_flight)]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(0.1)  # a join without end would hold up the handlers of signals on Windows
        if self._fatal is not None:
            raise self._fatal
        if self._was_cut or next(waiting, None) is not None:  # else it was asked for too late
            raise Stopped("The batch has not ended.", "Go on with the same command.")

    def _work(self, waiting: Iterator[Job]) -> None:
        while not self._ends:
            with self._lock:
                job = next(waiting, None)
            if job is None:
                return
            try:
                self._one_or_failed(job)
            except Stopped:
                self._was_cut = True
                return
            except BaseException as error:  # noqa: BLE001  (a defect must reach the main thread, not end this one)
                self._fatal = self._fatal or error

    @property
    def _ends(self) -> bool:
        return self._interrupt.requested or self._fatal is not None

    def _one_or_failed(self, job: Job) -> None:
        name = self._journal.place(job)
        try:
            self._one(job, name)
        except (Stopped, *FATAL):
            raise
        except NstError as error:
            with self._lock:
                self.failures.append(Failure(job, str(error)))
            self._display.show(Failed(name, str(error)))
            self._journal.failed(job, str(error))

    def _one(self, job: Job, name: str) -> None:
        begin = time.monotonic()
        check_writable(job.output)
        if self._journal.holds_others(job):
            message = f"{job.output} was made from other pictures of the same names"
            raise FileError(f"{message}: delete it, or choose another output folder.", "")
        size = job.settings.size
        content, style = (check_sides(file, read_picture(file, size), size) for file in job.sources.files)
        names = {**{role: file.name for role, file in job.sources.by_role().items()}, "model": self._client.model}
        result = Result(job.output, content, job.settings, names)
        self._display.show(Started(name, 0, job.settings.iterations))
        try:
            with named_sizes(self._client.describe, job.sources.by_role(), {"content": content, "style": style}, size):
                progress = self._painted(job, name, result, content, style)
        except Diverged as error:
            if error.best is not None:
                self._journal.replacing(job)
            kept = result.keep_best(error)
            discard_state(batch_state_of(job.output))  # that run can only diverge again
            raise kept from error
        self._journal.replacing(job)
        result.write(progress)
        seconds = time.monotonic() - begin
        self._journal.done(job, seconds, progress.version)
        discard_state(batch_state_of(job.output))
        with self._lock:
            self.done += 1
        self._display.show(Finished(name, seconds))

    def _painted(self, job: Job, name: str, result: Result, content: Picture, style: Picture) -> Progress:
        """Goes on with the run that an earlier batch left, if it is this very one.

        A run that cannot go on, because a picture has changed since or another model is served by now, begins anew.
        """
        file = batch_state_of(job.output)
        saved = _left_over(file, result.words)

        def paint_from(saved: SavedRun | None) -> Progress:
            return paint(
                self._client,
                content,
                style,
                job.settings,
                Checkpoint(file, result.words, saved),
                observer=Observer(name, self._display, lambda: self._ends),
                chunk_size=self._chunk_size,
                patience=self._patience,
            )

        try:
            return paint_from(saved)
        except StateRefused as error:
            self._display.show(Note(f"{error}. It begins anew.", name))
            return paint_from(None)


def _left_over(file: Path, words: Mapping[str, Any]) -> SavedRun | None:
    """The run that an earlier batch was stopped or killed in."""
    try:
        saved = read_state(file)
    except StateFileError:  # there is none, or a damaged one: then the run starts anew
        return None
    return saved if saved.settings == words else None
