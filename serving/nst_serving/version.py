"""One version of a model, from the moment it was seen on disk: loading it, and trying again what failed."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import grpc
import tensorflow as tf
from tensorflow_serving.apis import get_model_status_pb2

from nst_export.saved_model.version_folder import FileState, states_of_files
from nst_serving.errors import RequestError, out_of_memory
from nst_serving.flags import LOAD_RETRIES, LOAD_RETRY_SECONDS
from nst_serving.log import LOG, reason
from nst_serving.sessions import Sessions

State = get_model_status_pb2.ModelVersionStatus.State


class Version:
    """A version's state, and its sessions while it is AVAILABLE."""

    def __init__(self, model: str, number: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Not loaded yet; `clock` gives seconds."""
        self.model = model
        self.number = number
        self.state: int = State.START
        self.error: RequestError | None = None
        self.sessions: Sessions | None = None
        self._clock = clock
        self._retries = 0
        self._failed_at = 0.0
        self._forgotten = False
        self._tried: dict[str, FileState] = {}  # what was in the folder at the last try
        self._seen: dict[str, FileState] = {}  # and at the last look

    def __str__(self) -> str:
        return f"{self.model} version {self.number}"

    def load(self, folder: Path, load: Callable[[Path], Sessions]) -> None:
        """Becomes AVAILABLE, or END with the error."""
        self.state, self.error, self._forgotten = State.LOADING, None, False
        self._tried = self._seen = states_of_files(folder)
        start = self._clock()
        try:
            self.sessions = load(folder)
        except Exception as error:  # noqa: BLE001  (whatever keeps a version from loading must not end the server)
            self.error = _load_error(error)
            self._failed_at = self._clock()
        self.state = State.END if self.error else State.AVAILABLE
        if self.error:
            LOG.error("Cannot load %s from %s: %s", self, folder, reason(self.error))
        else:
            LOG.info("Loaded %s from %s in %.1f s.", self, folder, self._clock() - start)

    def is_worth_a_try(self, folder: Path) -> bool:
        """Whether a version that is not loaded may load now.

        One that was unloaded may. One that failed may if its folder has changed since and has then been left alone
        from one look to the next, as when a copy is complete. Or else, since memory may have been short or a network
        disk away, as often as TensorFlow Serving tries with our flags.
        """
        if self.state != State.END:
            return False
        if self.error is None or self._forgotten:
            return True
        files = states_of_files(folder)
        settled, self._seen = files == self._seen, files
        if settled and files != self._tried:
            self._retries = 0
            return True
        if self._retries < LOAD_RETRIES and self._clock() >= self._failed_at + LOAD_RETRY_SECONDS:
            self._retries += 1
            return True
        return False

    def forget_failure(self) -> None:
        """Lets a version that failed, and is no longer asked for, be loaded like a new one when it is again."""
        self._forgotten = True

    def unload(self) -> None:
        """Ends; runs in flight keep their session until they are done."""
        self.state = State.UNLOADING
        if self.sessions is not None:
            self.sessions.close()
            LOG.info("Unloaded %s.", self)
        self.sessions, self._forgotten = None, True
        self.state = State.END


def _load_error(error: Exception) -> RequestError:
    """The error of a load under TensorFlow Serving's codes."""
    if isinstance(error, RequestError):
        return error
    if isinstance(error, tf.errors.OpError):
        return RequestError.of(error)
    if isinstance(error, MemoryError):
        return out_of_memory(error)
    return RequestError(grpc.StatusCode.UNKNOWN, f"{type(error).__name__}: {error}")
