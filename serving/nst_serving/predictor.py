"""A prediction from request to reply, whichever way it came in: find, check, wait for a turn, run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import model_pb2, predict_pb2

from nst_export.free_memory import free_bytes_here
from nst_serving.admission import Admission
from nst_serving.catalog import Catalog
from nst_serving.errors import RequestError, out_of_memory
from nst_serving.memory import check_memory, content_in_words
from nst_serving.metrics import Metrics
from nst_serving.predict import DEFAULT_SIGNATURE, Fetched, predict
from nst_serving.sessions import OnCancel, Sessions


class Caller(NamedTuple):
    """Who waits for the answer."""

    entrypoint: str  # GRPC or REST
    timeout_seconds: float | None  # how long the client waits; None: without end
    on_cancel: OnCancel  # registers what to do when the client has gone


class Predictor:
    """Answers Predict requests."""

    def __init__(
        self,
        catalog: Catalog,
        admission: Admission,
        metrics: Metrics,
        *,
        tensor_content: bool,
        free_bytes: Callable[[], int | None] = free_bytes_here,
    ) -> None:
        """Runs the models of `catalog`, as many at once as `admission` lets in, where `free_bytes` suffice."""
        self._free_bytes = free_bytes
        self._catalog = catalog
        self._admission = admission
        self._metrics = metrics
        self._tensor_content = tensor_content

    def answer(self, request: predict_pb2.PredictRequest, caller: Caller) -> predict_pb2.PredictResponse:
        """Runs a signature.

        Raises:
            RequestError: with TensorFlow Serving's code and words.
        """
        spec = checked_spec(request)
        version, sessions = self._catalog.find(spec)
        with self._metrics.request(spec.name, caller.entrypoint) as status:
            try:
                fetched = predict(
                    sessions.signatures,
                    request,
                    lambda feeds, fetches: self._run(request, sessions, feeds, fetches, caller),
                    tensor_content=self._tensor_content,
                )
            except RequestError as error:
                status.append(error.code.name)
                raise
            except MemoryError as error:
                status.append(grpc.StatusCode.RESOURCE_EXHAUSTED.name)
                raise out_of_memory(error, content_in_words(request)) from error
            status.append("OK")
        return predict_pb2.PredictResponse(
            model_spec=answer_spec(spec, version, spec.signature_name or DEFAULT_SIGNATURE), outputs=fetched
        )

    def _run(
        self,
        request: predict_pb2.PredictRequest,
        sessions: Sessions,
        feeds: Mapping[str, np.ndarray],
        fetches: Sequence[str],
        caller: Caller,
    ) -> Fetched:
        gone = threading.Event()

        def leave() -> None:
            gone.set()
            self._admission.wake()

        try:
            if not feeds:  # describe: it takes a moment, so it does not stand in the queue
                return sessions.run(feeds, fetches)
            if not caller.on_cancel(leave):
                leave()
            model = request.model_spec.name
            with self._admission.turn(caller.timeout_seconds, gone) as left, self._metrics.runtime(model):
                check_memory(sessions.footprint, request, self._free_bytes())
                return sessions.run(feeds, fetches, timeout_seconds=left, on_cancel=caller.on_cancel)
        except tf.errors.ResourceExhaustedError as error:
            raise out_of_memory(error, content_in_words(request)) from error
        except tf.errors.OpError as error:
            raise RequestError.of(error) from error


def checked_spec(request: predict_pb2.PredictRequest) -> model_pb2.ModelSpec:
    """The request's model_spec, which it must have."""
    if not request.HasField("model_spec"):
        raise RequestError(grpc.StatusCode.INVALID_ARGUMENT, "Missing ModelSpec")
    return request.model_spec


def answer_spec(spec: model_pb2.ModelSpec, version: int, signature_name: str = "") -> model_pb2.ModelSpec:
    """The model_spec of a reply: the version used, and never the label."""
    reply = model_pb2.ModelSpec(name=spec.name, signature_name=signature_name)
    reply.version.value = version
    return reply
