# ruff: noqa: E402  (TensorFlow comes first, quietly)
"""Any SavedModel in this very process, one call at a time: what a gRPC stub's Predict offers, for `nst run`.

`in_process.py` does it for a model of ours with all its versions. Importing this module imports TensorFlow.
"""

from __future__ import annotations

from nst_export.quiet_import import import_tensorflow

import_tensorflow()

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2

from nst_export.saved_model.model_folder import unusable_path
from nst_export.saved_model.session import Model
from nst_serving.errors import RequestError, out_of_memory
from nst_serving.in_process import ModelDirectoryError, as_a_call, reason
from nst_serving.interruptible_call import Call
from nst_serving.predict import predict
from nst_serving.sessions import Run


class SavedModelStub:
    """Runs the signatures of one version, each call until its end or its deadline; Ctrl-C ends the last one."""

    def __init__(self, version_dir: Path) -> None:
        """Loads it.

        Raises:
            ModelDirectoryError: TensorFlow cannot.
        """
        fault = unusable_path(version_dir)
        if fault:
            raise ModelDirectoryError(*fault)
        try:
            self._model = Model(version_dir, inter_op_threads=os.cpu_count() or 1)
        except tf.errors.OpError as error:
            message = f"{version_dir} cannot be loaded: {reason(error.message)}."
            raise ModelDirectoryError(message, "Copy the whole version folder again.") from error

    def Predict(  # noqa: N802  (the service's own name)
        self, request: predict_pb2.PredictRequest, timeout: float | None = None
    ) -> predict_pb2.PredictResponse:
        """Runs a signature, for at most `timeout` seconds.

        Raises:
            CallError: with the server's code and words.
        """
        call = Call()
        with as_a_call():
            return call.outcome(lambda: self._answer(request, timeout, call))

    def close(self) -> None:
        """Frees the model."""
        self._model.close()

    def _answer(
        self, request: predict_pb2.PredictRequest, timeout: float | None, call: Call
    ) -> predict_pb2.PredictResponse:
        def run(feeds: Mapping[str, np.ndarray], fetches: Sequence[str]) -> list[np.ndarray]:
            running = Run(self._model, None if timeout is None else time.monotonic() + timeout)
            try:
                if not call.on_cancel(running.cancel):
                    raise RequestError(grpc.StatusCode.CANCELLED, "It was cancelled before it ran.")
                return self._model.run(feeds, fetches, timeout_seconds=timeout)
            finally:
                running.finish()

        try:
            outputs = predict(self._model.signatures, request, run, tensor_content=True)
        except tf.errors.OpError as error:
            raise RequestError.of(error) from error
        except MemoryError as error:
            raise out_of_memory(error) from error
        return predict_pb2.PredictResponse(outputs=outputs)
