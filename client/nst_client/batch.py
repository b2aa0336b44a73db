"""Many pictures over several servers: bounded threads, one for each run in flight."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from nst_client.batch_display import BatchDisplay
from nst_client.batch_pairs import Pair
from nst_client.checkpoint import Checkpoint
from nst_client.chunk_size import ChunkSize
from nst_client.errors import ModelNotFound, NstError, RequestRefused, ServerUnavailable, SignatureNotFound
from nst_client.gallery import Failure
from nst_client.interrupt import Interrupt, Stopped
from nst_client.journal import Journal, JournalError
from nst_client.painting import Onlooker, paint
from nst_client.pictures import Picture, check_writable, read_picture, write_picture
from nst_client.progress import Progress
from nst_client.run import Patience
from nst_client.state_file import SUFFIX, SavedRun, StateFileError, read_state
from nst_client.style_client import StyleClient

# What would befall every other picture too: no server, no model, no place for the journal.
FATAL = (ServerUnavailable, ModelNotFound, SignatureNotFound, JournalError)


class Batch:
    """The runs of a batch, and what became of them."""

    def __init__(
        self,
        client: StyleClient,
        journal: Journal,
        display: BatchDisplay,
        interrupt: Interrupt,
        *,
        deadline_seconds: float | None = None,
    ) -> None:
        """Takes the servers, the record, whom to tell, and who may stop it."""
        self._client = client
        self._journal = journal
        self._display = display
        self._interrupt = interrupt
        # All servers have answered once before a batch begins; from then on they may be restarted at any time.
        self._patience = Patience(deadline_seconds=deadline_seconds, from_the_start=True)
        self._chunk_size = ChunkSize()
        self._lock = threading.Lock()
        self._fatal: BaseException | None = None
        self.failures: list[Failure] = []

    def run(self, pairs: Sequence[Pair], in_flight: int) -> None:
        """Stylises what the journal does not hold as done, `in_flight` pictures at a time.

        Raises:
            Stopped: somebody asked for it; what was in flight is saved, and goes on with the next batch.
            NstError: what would befall every other picture too.
        """
        waiting = iter(pairs)
        # Daemons: after a second Ctrl-C nobody waits for their calls.
        threads = [threading.Thread(target=self._work, args=(waiting,), daemon=True) for _ in range(in_flight)]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(0.1)  # a join without end would hold up the handlers of signals on Windows
        if self._fatal is not None:
            raise self._fatal
        if self._interrupt.requested:
            raise Stopped("The batch has not ended.", "Go on with the same command.")

    def _work(self, waiting: Iterator[Pair]) -> None:
        while not self._ends:
            with self._lock:
                pair = next(waiting, None)
            if pair is None:
                return
            try:
                self._one(pair)
            except Stopped:
                return
            except FATAL as error:
                self._fatal = self._fatal or error
            except NstError as error:
                self._fail(pair, str(error))
            except BaseException as error:  # noqa: BLE001  (a defect must reach the main thread, not end this one)
                self._fatal = self._fatal or error

    @property
    def _ends(self) -> bool:
        return self._interrupt.requested or self._fatal is not None

    def _fail(self, pair: Pair, reason: str) -> None:
        with self._lock:
            self.failures.append(Failure(pair, reason))
        self._display.failed(pair.output.name, reason)
        self._journal.failed(pair, reason)

    def _one(self, pair: Pair) -> None:
        begin = time.monotonic()
        check_writable(pair.output)
        content, style = (read_picture(file, pair.settings.size) for file in (pair.content, pair.style))
        self._display.started(pair.output.name, pair.settings.iterations)
        progress = self._painted(pair, content, style)
        parameters = {**_settings(pair), "model": self._client.model, "version": progress.version}
        write_picture(pair.output, Picture(progress.image, content.alpha), parameters)
        seconds = time.monotonic() - begin
        self._journal.done(pair, seconds, progress.version)
        _state_file(pair).unlink(missing_ok=True)
        self._display.finished(pair.output.name, seconds)

    def _painted(self, pair: Pair, content: Picture, style: Picture) -> Progress:
        """Goes on with the run that an earlier batch left, if it is this very one."""
        file, settings = _state_file(pair), _settings(pair)
        saved = _left_over(file, settings)

        def paint_from(saved: SavedRun | None) -> Progress:
            return paint(
                self._client,
                content,
                style,
                pair.settings,
                Checkpoint(file, settings, saved),
                onlooker=_Onlooker(pair.output.name, self._display, lambda: self._ends),
                chunk_size=self._chunk_size,
                patience=self._patience,
            )

        try:
            return paint_from(saved)
        except RequestRefused:
            if saved is None:
                raise
            return paint_from(None)  # the pictures, or the model, have changed since


class _Onlooker(Onlooker):
    """Shows one run among others."""

    def __init__(self, name: str, display: BatchDisplay, batch_ends: Callable[[], bool]) -> None:
        self._name = name
        self._display = display
        self._batch_ends = batch_ends

    def see(self, progress: Progress) -> None:
        self._display.advanced(self._name, progress)

    def note(self, text: str) -> None:
        self._display.note(f"{self._name}: {text}")

    @property
    def wants_to_stop(self) -> bool:
        return self._batch_ends()


def _settings(pair: Pair) -> dict[str, Any]:
    return {"content": pair.content.name, "style": pair.style.name, **pair.settings.as_json()}


def _state_file(pair: Pair) -> Path:
    return pair.output.with_name(pair.output.name + SUFFIX)


def _left_over(file: Path, settings: Mapping[str, Any]) -> SavedRun | None:
    """The run that an earlier batch was stopped or killed in."""
    try:
        saved = read_state(file)
    except StateFileError:  # there is none, or a damaged one: then the run starts anew
        return None
    return saved if saved.settings == settings else None
