"""A watched run that can be stopped at any time, and loses nothing when it ends before its end."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from nst_client.calls.chunk_size import ChunkSize
from nst_client.calls.run import Patience
from nst_client.calls.style_client import StyleClient
from nst_client.contract import Options
from nst_client.errors import DeadlineExceeded, Diverged, NstError, ServerBusy, Stopped
from nst_client.files.pictures import Picture
from nst_client.jobs.checkpoint import Checkpoint
from nst_client.jobs.observer import Observer
from nst_client.jobs.settings import Settings
from nst_client.progress import Progress


def paint(
    client: StyleClient,
    content: Picture,
    styles: Sequence[Picture],
    settings: Settings,
    checkpoint: Checkpoint,
    *,
    given: Options = Options(),  # noqa: B008  (never changed)
    observer: Observer,
    chunk_size: ChunkSize | None = None,
    stop_at_multiples_of: int | None = None,
    patience: Patience = Patience(),  # noqa: B008  (immutable)
) -> Progress:
    """Runs to the end from where `checkpoint` is, and returns the last progress.

    Args:
        client: of the servers.
        content: with alpha or without.
        styles: one or more, whose alpha is ignored.
        settings: of the run.
        checkpoint: takes every progress, and is saved when the run ends early.
        given: those options that are arrays, which `settings` has not.
        observer: sees every progress, and may stop the run.
        chunk_size: shared with other runs on the same servers.
        stop_at_multiples_of: there always is a progress after such a number of iterations.
        patience: with servers; the observer notes its troubles.

    Raises:
        Stopped: the observer wanted it; the checkpoint is saved.
        NstError: the run cannot go on; the checkpoint is saved unless the run has diverged.
    """
    troubles = Troubles(observer)
    options: Any = {**settings.options, **given}
    watch = functools.partial(
        client.watch,
        content.pixels,
        [style.pixels for style in styles],
        patience=patience._replace(on_trouble=troubles.note),
        **options,
    )
    done = checkpoint.progress
    if done is not None and done.iteration == (settings.iterations or done.iterations):
        _check_that_it_goes_on(watch, done)
        observer.advanced(done)
        return done  # only its files are missing
    try:
        for progress in watch(
            iterations=settings.iterations,
            resume=done,
            stop_at_multiples_of=stop_at_multiples_of,
            chunk_size=chunk_size,
        ):
            troubles.forget()
            _take(checkpoint, progress, observer.note)
            observer.advanced(progress)
            if progress.iteration < progress.iterations:
                _stop_if_wanted(observer)
    except Diverged:
        raise
    except BaseException:  # a second Ctrl-C too
        if checkpoint.has_news:
            with contextlib.suppress(NstError):  # the error on its way says more; an older file is as it was
                checkpoint.save()
        raise
    assert checkpoint.progress is not None  # noqa: S101  (for the type checker: there was one iteration at least)
    return checkpoint.progress


_RECONNECTING = "Trying again."
_WHAT_NOW: dict[type[NstError], str] = {
    DeadlineExceeded: "Trying a smaller call, or another server.",
    ServerBusy: "Waiting for it.",
}


class Troubles:
    """Notes every kind of trouble once, until a call succeeds."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._noted: set[type[NstError]] = set()

    def note(self, trouble: NstError) -> None:
        """Tells the observer, unless it knows; raises Stopped where it wants to stop."""
        _stop_if_wanted(self._observer)
        if type(trouble) not in self._noted:
            self._noted.add(type(trouble))
            self._observer.note(f"{str(trouble).rstrip('.')}. {_WHAT_NOW.get(type(trouble), _RECONNECTING)}")

    def forget(self) -> None:
        """A call has succeeded: the next trouble is news again."""
        self._noted.clear()


def _stop_if_wanted(observer: Observer) -> None:
    if observer.wants_to_stop():
        raise Stopped("Stopped.", "")


def _check_that_it_goes_on(watch: Callable[..., Iterator[Progress]], done: Progress) -> None:
    """Only the model can tell whether a saved run belongs to these pictures and options: asks for one iteration more.

    Raises:
        StateRefused: it does not.
    """
    with contextlib.suppress(Diverged):  # in an iteration that was not asked for
        next(watch(iterations=done.iteration + 1, resume=done))


def _take(checkpoint: Checkpoint, progress: Progress, note: Callable[[str], None]) -> None:
    saved_before = not checkpoint.failed
    try:
        checkpoint.take(progress)
    except NstError as error:
        if saved_before:  # else it has been noted
            note(f"{error} The run goes on without being saved.")
