"""Many pictures over several servers: bounded threads, one for each run in flight."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nst_client.batch.gallery import Failure
from nst_client.batch.journal import Journal
from nst_client.calls.chunk_size import ChunkSize
from nst_client.calls.run import Patience
from nst_client.calls.style_client import StyleClient
from nst_client.display.events import Display
from nst_client.errors import (
    DiskFull,
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
from nst_client.jobs.interrupt import Interrupt
from nst_client.jobs.job import Job
from nst_client.jobs.job_run import JobRun
from nst_client.jobs.observer import Observer
from nst_client.jobs.result import batch_state_of
from nst_client.jobs.state_file import SavedRun, read_state
from nst_client.progress import Progress

# What would fail every other picture too: no server, no model, no place for the results or the journal.
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
        """Takes the servers, the record of what is done, where to show events, and what stops the batch."""
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
            Stopped: by a signal; what was in flight is saved, and goes on with the next batch.
            NstError: what would fail every other picture too.
        """
        waiting = iter(jobs)
        # Daemons: a second Ctrl-C does not wait for their calls.
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
        observer = _Journalled(job, self._journal, self._display, lambda: self._ends)
        try:
            self._one(job, observer)
        except (Stopped, *FATAL):
            raise
        except NstError as error:
            with self._lock:
                self.failures.append(Failure(job, str(error)))
            observer.failed(str(error))

    def _one(self, job: Job, observer: Observer) -> None:
        """Goes on with the run that an earlier batch left, if it is this very one.

        A run that cannot go on, because a picture has changed since or another model is served by now, begins anew.
        """
        if self._journal.holds_others(job):
            message = f"{job.output} was made from other pictures of the same names"
            raise FileError(f"{message}: delete it, or choose another output folder.", "")
        state = batch_state_of(job.output)
        run = JobRun(job, self._client, state)
        run.begin(_left_over(state, run.saved_settings))
        try:
            progress = run.paint(observer, self._patience, chunk_size=self._chunk_size)
        except StateRefused as error:
            observer.note(f"{error}. It begins anew.")
            run.begin()
            progress = run.paint(observer, self._patience, chunk_size=self._chunk_size)
        run.finish(progress, observer)
        with self._lock:
            self.done += 1


class _Journalled(Observer):
    """Shows one run among others, and records what becomes of its picture."""

    def __init__(self, job: Job, journal: Journal, display: Display, wants_to_stop: Callable[[], bool]) -> None:
        super().__init__(journal.place(job), display, wants_to_stop)
        self._job = job
        self._journal = journal

    def replacing(self) -> None:
        self._journal.replacing(self._job)

    def written(self, progress: Progress, losses: np.ndarray, seconds: float) -> None:
        del losses
        self._journal.done(self._job, seconds, progress.version)

    def failed(self, reason: str) -> None:
        super().failed(reason)
        self._journal.failed(self._job, reason)


def _left_over(file: Path, settings: Mapping[str, Any]) -> SavedRun | None:
    """The run that an earlier batch was stopped or killed in."""
    try:
        saved = read_state(file)
    except StateFileError:  # there is none, or a damaged one: then the run starts anew
        return None
    return saved if saved.settings == settings else None
