"""A run in calls of a known length, and somebody on the way to its server who plays tricks."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import grpc
import numpy as np
from tensorflow_serving.apis import predict_pb2

from nst_client.calls.answers import Stylized
from nst_client.calls.chunk_size import ChunkSize
from nst_client.calls.servers import Server, Servers, server_at
from nst_client.calls.style_client import StyleClient
from nst_client.calls.tensors import array_of, tensor_of
from nst_client.contract import DESCRIBE
from nst_client.progress import Progress
from nst_serving.server import EmbeddedServer

ITERATIONS = 12
Code = grpc.StatusCode


class Failed(grpc.RpcError):
    """What grpc raises for a call."""

    def __init__(self, code: grpc.StatusCode, details: str = "by somebody on the way") -> None:
        self.code, self.details = (lambda: code), (lambda: details)


class Between:
    """A real server, and somebody on the way to it who does one of `tricks` for each call: None lets it pass."""

    def __init__(self, server: EmbeddedServer) -> None:
        self.address = server.address
        self.tricks: deque[Exception | Callable[[predict_pb2.PredictResponse], None] | None] = deque()
        self.rule: Callable[[int, float], None] = lambda iterations, timeout: None  # may take time, or raise
        self.asked: list[int] = []  # iterations; 0 is the start

    def Predict(self, request, timeout):  # noqa: N802
        if request.model_spec.signature_name == DESCRIBE:  # no call of a run
            return self._real.prediction.Predict(request, timeout=60)
        iterations = int(array_of(request.inputs["iterations"])) if "iterations" in request.inputs else 0
        self.asked.append(iterations)
        self.rule(iterations, timeout)
        trick = self.tricks.popleft() if self.tricks else None
        if isinstance(trick, Exception):
            raise trick
        reply = self._real.prediction.Predict(request, timeout=60)  # a deadline is the rule's
        if trick is not None:
            trick(reply)
        return reply

    def client(self) -> StyleClient:
        return StyleClient(servers=Servers([self.server()]))

    def server(self) -> Server:
        self._real = server_at(self.address)  # anew: the client that had the last one has closed it
        return Server("between:1", self, None, self._real.close)


class Always(ChunkSize):
    """Calls of the same length, for tests in which that must not depend on the clock."""

    def __init__(self, iterations: int) -> None:
        super().__init__()
        self._iterations = iterations

    def iterations(self, pixels: int, state_bytes: int = 0) -> int:
        return self._iterations


def watched(client: StyleClient, content, style, *, calls_of: int = 4, iterations: int = ITERATIONS, **options):
    return list(client.watch(content, style, iterations=iterations, chunk_size=Always(calls_of), **options))


def bits(progresses: list[Progress]) -> tuple[bytes, bytes]:
    return progresses[-1].image.tobytes(), np.concatenate([each.losses for each in progresses]).tobytes()


def bits_of(stylized: Stylized) -> tuple[bytes, bytes]:
    return stylized.image.tobytes(), stylized.losses.tobytes()


def answer(**outputs: np.ndarray) -> Callable[[predict_pb2.PredictResponse], None]:
    """Puts other tensors into an answer."""
    return lambda reply: [reply.outputs[name].CopyFrom(tensor_of(array)) for name, array in outputs.items()]


def losses(*totals: float) -> np.ndarray:
    return np.outer(np.array(totals, np.float32), [1, 0.25, 0.5, 0.25]).astype(np.float32)
