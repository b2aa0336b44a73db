"""A job from its pictures to its written result, in one way for `nst stylize` and `nst batch`."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from nst_client.calls.chunk_size import ChunkSize
from nst_client.calls.run import Patience
from nst_client.calls.style_client import StyleClient
from nst_client.errors import Diverged
from nst_client.files.pictures import check_writable
from nst_client.jobs.checkpoint import Checkpoint
from nst_client.jobs.job import Job
from nst_client.jobs.observer import Observer
from nst_client.jobs.painting import Troubles, paint
from nst_client.jobs.pictures import read_pictures
from nst_client.jobs.result import Result
from nst_client.jobs.sizes import named_sizes
from nst_client.jobs.state_file import SavedRun
from nst_client.progress import Progress

KEPT = "kept"  # beside a saved run's settings: whether a person asked for its file, which then outlives the run


class JobRun:
    """What has been done of a job."""

    def __init__(
        self,
        job: Job,
        client: StyleClient,
        state: Path,
        *,
        keep_state: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Reads the pictures; nothing is sent yet.

        Args:
            job: what to do.
            client: of the servers.
            state: the file in which the run is saved until it ends.
            keep_state: after the end too, so that it can go on further.
            clock: seconds.

        Raises:
            FileError: a picture cannot be read, or the result could not be written.
            RequestRefused: masks that do not fit together.
        """
        check_writable(job.output)
        self.job = job
        self._pictures = read_pictures(job)
        self.content = self._pictures.content
        names = {role: file.name for role, file in job.sources.by_role().items()}
        self.result = Result(job.output, self.content, job.settings, {**names, "model": client.model})
        self.saved_settings: dict[str, Any] = {**self.result.words, KEPT: keep_state}
        self.seconds = 0.0  # that painting took
        self._client = client
        self._state = state
        self._keep_state = keep_state
        self._clock = clock
        self.begin()

    def begin(self, saved: SavedRun | None = None) -> None:
        """Begins anew, or where a saved run ended."""
        self.checkpoint = Checkpoint(self._state, self.saved_settings, saved)
        self.iterations_before = 0 if saved is None else saved.progress.iteration

    def paint(
        self,
        observer: Observer,
        patience: Patience,
        *,
        chunk_size: ChunkSize | None = None,
        stop_at_multiples_of: int | None = None,
    ) -> Progress:
        """Makes all iterations, and returns the last progress; see `painting.paint`.

        Raises:
            Stopped: the observer wanted it; the run is saved.
            Diverged: the best picture is kept as the result, and the run is not: it can only diverge again.
            NstError: the run cannot go on; it is saved.
        """
        settings = self.job.settings
        observer.started(self.iterations_before, self._iterations(observer, patience))
        begin = self._clock()
        try:
            files, pictures = self.job.sources.by_role(), self._pictures.by_role()
            with named_sizes(self._client.describe, files, pictures, settings.size):
                return paint(
                    self._client,
                    self.content,
                    self._pictures.styles,
                    settings,
                    self.checkpoint,
                    given=self._pictures.options,
                    observer=observer,
                    chunk_size=chunk_size,
                    stop_at_multiples_of=stop_at_multiples_of,
                    patience=patience,
                )
        except Diverged as error:
            raise self._kept_best(error, observer) from error
        finally:
            self.seconds += self._clock() - begin

    def finish(self, progress: Progress, observer: Observer) -> None:
        """Writes the result and what the observer writes with it, and deletes the saved run unless it is to be kept.

        Raises:
            NstError: a file cannot be written. The run stays saved, and the result is whole or as it was.
        """
        observer.replacing()
        self.result.write(progress)
        observer.written(progress, self.checkpoint.losses, self.seconds)
        if self._keep_state:
            self.checkpoint.save()
        else:
            self.checkpoint.discard()
        observer.finished(self.seconds)

    def _iterations(self, observer: Observer, patience: Patience) -> int:
        """Of the whole run: what was asked for, else what the saved run wants, else the preset's."""
        wanted, done = self.job.settings.iterations, self.checkpoint.progress
        if wanted is None and done is not None:
            return done.iterations
        patience = patience._replace(on_trouble=Troubles(observer).note)
        options = self.job.settings.options
        return wanted or self._client.plan_of(self.content.pixels, None, options, patience)[0]

    def _kept_best(self, error: Diverged, observer: Observer) -> Diverged:
        if error.best is not None:
            observer.replacing()
        kept = self.result.keep_best(error)
        observer.ended_early(np.concatenate([self.checkpoint.losses, error.losses]))
        if not self._keep_state:
            self.checkpoint.discard()
        return kept
