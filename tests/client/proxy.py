"""Real ports with a real server behind them, and somebody on the way."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
import numpy as np
from tensorflow_serving.apis import (
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from nst_client.calls.servers import server_at
from nst_client.calls.tensors import array_of, tensor_of
from nst_client.contract import DESCRIBE

NOWHERE = "127.0.0.1:1"  # a port that only the system may listen at


class Proxy(prediction_service_pb2_grpc.PredictionServiceServicer, model_service_pb2_grpc.ModelServiceServicer):
    """Passes calls on, and opens and closes faster than a model loads."""

    def __init__(self, behind: str, port: int = 0) -> None:
        self._real = server_at(behind)
        self._door = grpc.server(ThreadPoolExecutor(4))
        prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(self, self._door)
        model_service_pb2_grpc.add_ModelServiceServicer_to_server(self, self._door)
        self.port = self._door.add_insecure_port(f"127.0.0.1:{port}")
        self.address = f"127.0.0.1:{self.port}"
        self._door.start()

    def Predict(self, request, context) -> predict_pb2.PredictResponse:  # noqa: N802
        try:
            return self._real.prediction.Predict(request, timeout=60)
        except grpc.RpcError as error:
            context.abort(error.code(), error.details())

    def GetModelStatus(self, request, context) -> get_model_status_pb2.GetModelStatusResponse:  # noqa: N802
        return self._real.model.GetModelStatus(request, timeout=60)

    def close(self) -> None:
        self._door.stop(None).wait()
        self._real.close()


class Held(Proxy):
    """Lets so many calls of runs through, and keeps those after them until it is released."""

    def __init__(self, behind: str, calls: int) -> None:
        self._free = threading.Semaphore(calls)
        self._kept = threading.Event()
        self._released = threading.Event()
        super().__init__(behind)

    def Predict(self, request, context) -> predict_pb2.PredictResponse:  # noqa: N802
        if request.model_spec.signature_name != DESCRIBE and not self._free.acquire(blocking=False):
            self._kept.set()
            self._released.wait()
        return super().Predict(request, context)

    def wait_for_a_call(self) -> None:
        """Until there is one that it keeps."""
        assert self._kept.wait(60)

    def release(self) -> None:
        self._released.set()

    def close(self) -> None:
        self.release()
        super().close()


class Busy(Proxy):
    """A server whose queue is always full."""

    def Predict(self, request, context) -> predict_pb2.PredictResponse:  # noqa: N802
        context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "try later")


class Spoiled(Proxy):
    """From some iteration on the losses are NaN."""

    def __init__(self, behind: str, from_iteration: int) -> None:
        self._left = from_iteration
        super().__init__(behind)

    def Predict(self, request, context) -> predict_pb2.PredictResponse:  # noqa: N802
        reply = super().Predict(request, context)
        if "losses" in reply.outputs:
            losses = array_of(reply.outputs["losses"]).copy()
            losses[max(self._left, 0) :] = np.nan
            self._left -= len(losses)
            reply.outputs["losses"].CopyFrom(tensor_of(losses))
        return reply
