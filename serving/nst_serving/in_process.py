# ruff: noqa: E402  (TensorFlow comes first, quietly)
"""A model in this very process: what a gRPC stub offers, without a server, a socket or a port.

Importing this module imports TensorFlow. Requests take the way that they take in the embedded server, so
that its answers, codes and words are those of this class.
"""

from __future__ import annotations

from nst_export.quiet_import import import_tensorflow

import_tensorflow()

import contextlib
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import grpc
from tensorflow_serving.apis import get_model_status_pb2, model_pb2, predict_pb2

from nst_export.saved_model.model_folder import is_version_content, unreadable, unusable_path, why_no_version
from nst_export.saved_model.version_folder import versions_in
from nst_serving.admission import EXPIRED, Admission
from nst_serving.catalog import Catalog
from nst_serving.errors import RequestError, StartError
from nst_serving.interruptible_call import Call
from nst_serving.metrics import Metrics
from nst_serving.options import ServerOptions, single_model
from nst_serving.predictor import Caller, Predictor
from nst_serving.services import LONGEST_TIMEOUT_SECONDS, model_status
from nst_serving.sessions import Sessions

# Every export has it, and hardly anything else: other software, too, names its signature serving_default.
OWN_SIGNATURE = "describe"


class ModelDirectoryError(StartError):
    """A model directory holds nothing that can be run."""


class CallError(grpc.RpcError):
    """A call failed: what a stub raises, with the server's code and words."""

    def __init__(self, code: grpc.StatusCode, details: str) -> None:
        """Keeps both for whoever asks as of a gRPC call."""
        super().__init__(f"{code.name}: {details}")
        self._code = code
        self._details = details

    def code(self) -> grpc.StatusCode:
        """The status."""
        return self._code

    def details(self) -> str:
        """The server's words."""
        return self._details


class InProcessStub:
    """Stands for both stubs of a server that has one model. Calls may come from several threads.

    A call runs on a thread of its own, and its caller waits: Python runs signal handlers only between
    two steps of the main thread, which a run of minutes would hold up. A handler that raises, as Ctrl-C's
    own does, stops the run within one iteration, and the call raises when it has stopped.
    """

    def __init__(self, model_dir: Path, *, name: str = "nst", version: int | None = None) -> None:
        """Loads one version; others are loaded when a request asks for them.

        Args:
            model_dir: a model's folder, or one of its version folders, which is then the only version.
            name: under which requests ask for the model.
            version: to load now; by default the newest. A request without a version takes the newest loaded.

        Raises:
            ModelDirectoryError: it is not there, or is no model that `nst export` wrote.
        """
        self._name = name
        base_path, self._offered = _versions_of(model_dir)
        if version is not None and version not in self._offered:
            found = ", ".join(map(str, sorted(self._offered)))
            message = f"{model_dir} has no version {version}; there is {found}."
            raise ModelDirectoryError(message, "Name one of these, or none to take the newest.")
        self._lock = threading.Lock()
        self._config = single_model(name, base_path)
        self._catalog = Catalog(self._config, Sessions, labels_before_versions=False)
        # Each run takes all cores and a picture's memory here too. Callers wait in threads of their own, so
        # no number of them needs to be turned away.
        admission = Admission(running=ServerOptions().running, waiting=sys.maxsize)
        metrics = Metrics(lambda: admission.in_flight)
        self._predictor = Predictor(self._catalog, admission, metrics, tensor_content=True)  # the faster encoding
        self._calls: set[Call] = set()
        self._closed = False
        self._load_first(model_dir, max(self._offered) if version is None else version)

    def Predict(  # noqa: N802  (the service's own name)
        self, request: predict_pb2.PredictRequest, timeout: float | None = None
    ) -> predict_pb2.PredictResponse:
        """Runs a signature.

        Args:
            request: as for the server.
            timeout: the run stops within one iteration after so many seconds.

        Raises:
            CallError: with the server's code and words.
        """
        call = Call()
        with as_a_call(), self._registered(call):
            return call.outcome(lambda: self._answer(request, timeout, call))

    def GetModelStatus(  # noqa: N802
        self, request: get_model_status_pb2.GetModelStatusRequest, timeout: float | None = None
    ) -> get_model_status_pb2.GetModelStatusResponse:
        """The versions that have been asked for, newest first; at once, whatever the `timeout`.

        Raises:
            CallError: with the server's code and words.
        """
        del timeout
        with as_a_call(), self._registered(Call()):
            return model_status(self._catalog, request)

    def close(self) -> None:
        """Frees the model; calls that are running end with CANCELLED."""
        with self._lock:
            self._closed = True
            calls = list(self._calls)
        for call in calls:
            call.leave()
        self._catalog.close()

    def _answer(
        self, request: predict_pb2.PredictRequest, timeout: float | None, call: Call
    ) -> predict_pb2.PredictResponse:
        if timeout is not None and timeout <= 0:
            raise RequestError(grpc.StatusCode.DEADLINE_EXCEEDED, EXPIRED)
        spec = request.model_spec
        if spec.name == self._name and spec.HasField("version") and spec.version.value in self._offered:
            self._load(spec.version.value)
        endless = timeout is None or timeout > LONGEST_TIMEOUT_SECONDS
        return self._predictor.answer(request, Caller("GRPC", None if endless else timeout, call.on_cancel))

    def _load_first(self, model_dir: Path, number: int) -> None:
        folder = self._offered[number]
        named = model_dir if folder == model_dir.resolve() else model_dir / folder.name
        try:
            self._load(number)
            spec = model_pb2.ModelSpec(name=self._name)
            _, sessions = self._catalog.find(spec)
        except RequestError as error:
            raise ModelDirectoryError(
                f"{named} cannot be loaded: {reason(error.message)}.",
                "Copy the whole version folder again, export it again with `nst export`, or name another version.",
            ) from error
        if OWN_SIGNATURE not in sessions.signatures:
            self.close()
            raise ModelDirectoryError(
                f"{named} is another program's model: it lacks the signature {OWN_SIGNATURE}.",
                "Make a model with `nst export MODEL_DIR`.",
            )

    def _load(self, number: int) -> None:
        """Has a version loaded, unless it is; one that failed before, if it is worth another try.

        Raises:
            RequestError: it cannot be loaded.
        """
        with self._lock:
            loaded = self._config.model_config_list.config[0].model_version_policy.specific.versions
            if number not in loaded and not self._closed:
                loaded.append(number)
                self._catalog.reload(self._config)
            elif self._error_of(number) and not self._closed:
                self._catalog.refresh()
        error = self._error_of(number)
        if error:
            raise error

    def _error_of(self, number: int) -> RequestError | None:
        """What kept a version from loading."""
        versions = {version.number: version for version in self._catalog.versions(self._name)}
        return versions[number].error if number in versions else None

    @contextlib.contextmanager
    def _registered(self, call: Call) -> Iterator[None]:
        """Lets `close` end the call."""
        with self._lock:
            if self._closed:
                raise RequestError(grpc.StatusCode.CANCELLED, "Channel closed!")  # grpcio's words
            self._calls.add(call)
        try:
            yield
        finally:
            with self._lock:
                self._calls.discard(call)


def _versions_of(model_dir: Path) -> tuple[Path, dict[int, Path]]:
    """The model's folder, and the version folders that may be asked for, by number."""
    fault = unusable_path(model_dir)
    if fault:
        raise ModelDirectoryError(*fault)
    folder = model_dir.resolve()  # so that `.` and links to a version have its number
    try:
        versions = versions_in(folder)
        of_parent = versions_in(folder.parent)
        is_version = folder in of_parent.values() and is_version_content(folder)
    except OSError as error:
        raise ModelDirectoryError(*unreadable(model_dir, error)) from error
    if versions:
        return folder, versions
    if is_version:
        return folder.parent, {number: path for number, path in of_parent.items() if path == folder}
    raise ModelDirectoryError(*why_no_version(model_dir))


def reason(message: str) -> str:
    """The first sentence of what the runtime says, without its heading and its node names."""
    lines = [line.strip() for line in message.removeprefix("Graph execution error:").splitlines()]
    return next(filter(None, lines), "TensorFlow gives no reason").split(". ")[0].rstrip(".")


@contextlib.contextmanager
def as_a_call() -> Iterator[None]:
    """Raises what a stub would."""
    try:
        yield
    except RequestError as error:
        raise CallError(error.code, error.message) from error
    except Exception as error:  # a defect; grpcio's server answers it so
        raise CallError(grpc.StatusCode.UNKNOWN, f"Exception calling application: {error}") from error
