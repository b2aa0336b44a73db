"""The sessions of one model version: one for each run, so that a run can be stopped without touching another.

A session has no way to cancel a single call; closing it cancels all of its calls within one iteration. So
a run has a session to itself, and whoever cancels it closes that session. They share the version's graph. Each holds
a copy of the weights, and what the runtime prepares at its first run; they are kept for the next runs, so there are
never more than runs at once, and one for calls without inputs.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import meta_graph_pb2

from nst_export.saved_model.session import ONE_RUN_THREADS, Model
from nst_serving.memory import footprint_of

# gRPC tells of an expired call a little before or after the runtime notices.
TIMEOUT_IS_NEAR_SECONDS = 0.05

OnCancel = Callable[[Callable[[], None]], bool]  # takes what to do on a cancel; False if it came already


class Sessions:
    """Runs a version's signatures, each call in a session of its own."""

    def __init__(self, version_dir: Path) -> None:
        """Loads the first session.

        Raises:
            tf.errors.OpError: the version cannot be loaded.
        """
        self._lock = threading.Lock()
        self._idle: list[Model] = []
        # For calls without inputs, such as describe: it is not closed by a cancel.
        self._short = Model(version_dir, inter_op_threads=ONE_RUN_THREADS)
        self._closed = False
        # What its runs need; on a GPU that is not the memory that this machine speaks of.
        self.footprint = None if tf.config.list_physical_devices("GPU") else footprint_of(version_dir)
        self.signatures: Mapping[str, meta_graph_pb2.SignatureDef] = self._short.signatures

    def run(
        self,
        feeds: Mapping[str, np.ndarray],
        fetches: Sequence[str],
        *,
        timeout_seconds: float | None = None,
        on_cancel: OnCancel | None = None,
    ) -> list[np.ndarray]:
        """Runs the graph once; see `Model.run`.

        Args:
            feeds: values by tensor name.
            fetches: tensor names.
            timeout_seconds: as for `Model.run`.
            on_cancel: registers what stops this run.

        Raises:
            tf.errors.OpError: whatever the runtime says; CancelledError after a cancel.
        """
        if not feeds:
            return self._short.run({}, fetches)
        model = self._take()
        run = Run(model, None if timeout_seconds is None else time.monotonic() + timeout_seconds)
        try:
            if on_cancel is not None and not on_cancel(run.cancel):
                raise tf.errors.CancelledError(None, None, "The client cancelled the call before it ran.")
            return model.run(feeds, fetches, timeout_seconds=timeout_seconds)
        finally:
            self._give_back(model, usable=run.finish())

    def close(self) -> None:
        """Frees all idle sessions now, and those of runs when they end."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for model in (*idle, self._short):
            model.close()

    def _take(self) -> Model:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return self._short.another()

    def _give_back(self, model: Model, *, usable: bool) -> None:
        with self._lock:
            if usable and not self._closed:
                self._idle.append(model)
                return
        if usable:
            model.close()


class Run:
    """A run that may be cancelled from another thread, until it has finished."""

    def __init__(self, model: Model, ends_at: float | None) -> None:
        self._lock = threading.Lock()
        self._model: Model | None = model
        self._ends_at = ends_at

    def cancel(self) -> None:
        """Closes the session, unless the runtime's own timeout is stopping the run: that costs no session."""
        if self._ends_at is not None and time.monotonic() > self._ends_at - TIMEOUT_IS_NEAR_SECONDS:
            return
        with self._lock:
            if self._model is not None:
                self._model.close()
                self._model = None

    def finish(self) -> bool:
        """Whether the session can be used again."""
        with self._lock:
            untouched = self._model is not None
            self._model = None
            return untouched
