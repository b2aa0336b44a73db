"""The Python client: one method for each signature."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, NamedTuple

import numpy as np

from nst_client import contract, errors, transport
from nst_client.protocol import (
    get_model_status_pb2,
    model_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
    tensor_pb2,
)
from nst_client.tensors import array_of, tensor_of


class Stylized(NamedTuple):
    """A finished run."""

    image: np.ndarray  # uint8[height, width, 3], of the content's size
    losses: np.ndarray  # float32[iterations, 4], columns as contract.LOSS_COLUMNS
    version: int  # of the model that made it


class Evaluation(NamedTuple):
    """How near a picture is to its content and style: 0 is a perfect match."""

    style_errors: np.ndarray  # float32[5], relative errors of the Gram matrices, block1 to block5
    content_error: float  # relative error of the features at block4_conv2
    total_variation: float  # mean squared difference of neighbours, pixels in 0..1


class VersionStatus(NamedTuple):
    """One version of a model on a server."""

    version: int
    state: str  # START, LOADING, AVAILABLE, UNLOADING or END
    error: str  # why a version in state END failed, else empty


class StyleClient:
    """Calls a model on a TensorFlow Serving compatible server.

    Every method raises a subclass of `nst_client.NstError` when it fails. Instances may be shared
    between threads.
    """

    def __init__(
        self,
        address: str = contract.DEFAULT_SERVER,
        *,
        model: str = contract.DEFAULT_MODEL,
        version: int | None = None,
        tls: transport.Tls | None = None,
    ) -> None:
        """Names the server and the model; nothing is sent yet.

        Args:
            address: HOST:PORT, or any gRPC target; see `transport.open_channel`.
            model: the name under which the server has the model.
            version: of the model; by default the server's newest.
            tls: for a server that speaks TLS.

        Raises:
            RequestRefused: a version that does not fit into 64 bits.
        """
        self.address = address
        self.model = model
        self._spec = model_pb2.ModelSpec(name=model)
        if version is not None:
            self._spec.version.value = int(_whole("version", version, 64))
        self._channel = transport.open_channel(address, tls)
        self._prediction = prediction_service_pb2_grpc.PredictionServiceStub(self._channel)
        self._model = model_service_pb2_grpc.ModelServiceStub(self._channel)

    def __enter__(self) -> StyleClient:  # noqa: PYI034  (typing.Self is newer than Python 3.10)
        """The client itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Closes the connection."""
        self.close()

    def close(self) -> None:
        """Closes the connection; calls that are running end with an error."""
        self._channel.close()

    def stylize(
        self,
        content: np.ndarray,
        style: np.ndarray,
        *,
        iterations: int = contract.DEFAULT_ITERATIONS,
        content_weight: float | None = None,
        style_weight: float | None = None,
        tv_weight: float | None = None,
        learning_rate: float | None = None,
        deadline_seconds: float | None = None,
    ) -> Stylized:
        """Repaints `content` in the manner of `style`.

        Args:
            content: uint8[height, width, 3], RGB.
            style: uint8[height, width, 3], RGB, of any size.
            iterations: updates of the picture.
            content_weight: of the content loss; by default the model's.
            style_weight: of the style loss; by default the model's.
            tv_weight: of the total variation; by default the model's.
            learning_rate: in pixel levels; by default the model's.
            deadline_seconds: by default long enough for a slow server (`contract.stylize_deadline`).
        """
        numbers = {
            "content_weight": content_weight,
            "style_weight": style_weight,
            "tv_weight": tv_weight,
            "learning_rate": learning_rate,
        }
        inputs = {"content": _pixels("content", content), "style": _pixels("style", style)}
        inputs["iterations"] = _whole("iterations", iterations, 32)
        inputs |= {name: _float32(number) for name, number in numbers.items() if number is not None}
        if deadline_seconds is None:
            height, width, _ = inputs["content"].shape
            deadline_seconds = contract.stylize_deadline(height, width, iterations)
        outputs, version = self._predict(contract.STYLIZE, inputs, deadline_seconds, fetch=("image", "losses"))
        losses = array_of(outputs["losses"])
        if not np.isfinite(losses).all():
            first = int(np.argmin(np.isfinite(losses).all(axis=1)))
            raise errors.BadAnswer(
                f"The loss is no longer finite at iteration {first}.", "Use smaller weights or a smaller learning rate."
            )
        return Stylized(array_of(outputs["image"]), losses, version)

    def evaluate(self, content: np.ndarray, style: np.ndarray, image: np.ndarray) -> Evaluation:
        """Measures `image`, of the content's size, against both pictures: uint8[height, width, 3] each."""
        inputs = {"content": _pixels("content", content), "style": _pixels("style", style)}
        inputs["image"] = _pixels("image", image)
        height, width, _ = inputs["content"].shape
        deadline = contract.stylize_deadline(height, width, 1)
        names = ("style_errors", "content_error", "total_variation")
        outputs, _ = self._predict(contract.EVALUATE, inputs, deadline, fetch=names)
        style_errors, content_error, variation = (array_of(outputs[name]) for name in names)
        return Evaluation(style_errors, float(content_error), float(variation))

    def describe(self) -> dict[str, Any]:
        """The model card."""
        outputs, _ = self._predict(contract.DESCRIBE, {}, contract.STATUS_DEADLINE_SECONDS, fetch=("model_card",))
        try:
            card: dict[str, Any] = json.loads(outputs["model_card"].string_val[0])
        except (IndexError, ValueError) as error:
            raise errors.BadAnswer("The model card is not JSON.", "Serve a model written by `nst export`.") from error
        return card

    def status(self) -> list[VersionStatus]:
        """The model's versions on the server, newest first."""
        request = get_model_status_pb2.GetModelStatusRequest(model_spec=self._spec)
        reply = transport.call(
            self._model.GetModelStatus,
            request,
            address=self.address,
            deadline_seconds=contract.STATUS_DEADLINE_SECONDS,
        )
        states = get_model_status_pb2.ModelVersionStatus.State
        return [
            VersionStatus(entry.version, states.Name(entry.state), entry.status.error_message)
            for entry in reply.model_version_status
        ]

    def wait_until_available(self, timeout_seconds: float) -> list[VersionStatus]:
        """Asks again until a version is AVAILABLE, and returns the status.

        Raises:
            NstError: the last answer's error, when the time is over.
        """
        end = time.monotonic() + timeout_seconds
        while True:
            try:
                status = self.status()
            except (errors.ServerUnavailable, errors.ModelNotFound, errors.DeadlineExceeded):
                if time.monotonic() >= end:
                    raise
            else:
                if any(entry.state == "AVAILABLE" for entry in status):
                    return status
                if time.monotonic() >= end:
                    states = ", ".join(
                        f"version {entry.version} {entry.state} {entry.error}".rstrip() for entry in status
                    )
                    raise errors.ModelNotFound(f"No version is available: {states}.", "Look into the server's log.")
            time.sleep(0.2)

    def _predict(
        self, signature: str, inputs: Mapping[str, np.ndarray], deadline_seconds: float, *, fetch: tuple[str, ...]
    ) -> tuple[Mapping[str, tensor_pb2.TensorProto], int]:
        if math.isnan(deadline_seconds) or deadline_seconds <= 0:
            raise errors.RequestRefused(
                f"deadline: must be a number of seconds above 0, got {deadline_seconds:g}.", "Use a larger number."
            )
        request = predict_pb2.PredictRequest(model_spec=self._spec)
        request.model_spec.signature_name = signature
        for name, value in inputs.items():
            request.inputs[name].CopyFrom(tensor_of(value))
        reply = transport.call(
            self._prediction.Predict, request, address=self.address, deadline_seconds=deadline_seconds
        )
        missing = [name for name in fetch if name not in reply.outputs]
        if missing:
            raise errors.BadAnswer(f"The server's answer lacks {missing[0]}.", "Serve a model written by `nst export`.")
        return reply.outputs, reply.model_spec.version.value


def _pixels(name: str, picture: np.ndarray) -> np.ndarray:
    array = np.asarray(picture)
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3:
        raise errors.RequestRefused(
            f"{name}: must be uint8 of shape (height, width, 3), got {array.dtype} of shape {array.shape}.",
            "Read it with nst_client.read_picture, which converts every kind of picture.",
        )
    return array


def _whole(name: str, number: int, bits: int) -> np.ndarray:
    if number != number // 1 or not -(2 ** (bits - 1)) <= number < 2 ** (bits - 1):
        raise errors.RequestRefused(
            f"{name}: must be a whole number of at most {bits} bits, got {number}.", "Use a smaller whole number."
        )
    return np.asarray(number, f"int{bits}")


def _float32(number: float) -> np.ndarray:
    with np.errstate(over="ignore"):  # it becomes inf, which the server refuses by name
        return np.asarray(number, np.float32)
