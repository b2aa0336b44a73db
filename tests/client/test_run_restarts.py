"""A run whose servers go away on real sockets."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from tensorflow_serving.apis import prediction_service_pb2_grpc

from nst_client import errors
from nst_client.run import Patience
from nst_client.servers import server_at
from nst_client.style_client import StyleClient
from nst_serving.server import EmbeddedServer
from tests.client.between import ITERATIONS, Always, bits, bits_of


class Gate(prediction_service_pb2_grpc.PredictionServiceServicer):
    """A port with the real server behind it, which opens and closes faster than a model loads."""

    def __init__(self, behind: str, port: int = 0) -> None:
        self._real = server_at(behind)
        self._door = grpc.server(ThreadPoolExecutor(1))
        prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(self, self._door)
        self.port = self._door.add_insecure_port(f"127.0.0.1:{port}")
        self.address = f"127.0.0.1:{self.port}"
        self._door.start()

    def Predict(self, request, context):  # noqa: N802
        return self._real.prediction.Predict(request, timeout=60)

    def close(self) -> None:
        self._door.stop(None).wait()
        self._real.close()


@pytest.fixture
def gate(server: EmbeddedServer) -> Iterator[Callable[..., Gate]]:
    """Opens gates to the server, at a given port or a free one."""
    with contextlib.ExitStack() as stack:

        def opened(port: int = 0) -> Gate:
            return stack.enter_context(contextlib.closing(Gate(server.address, port)))

        yield opened


def test_a_server_that_is_stopped_and_started_again_at_its_port_gives_the_same_bits(gate, content, style, whole):
    first = gate()
    with StyleClient(first.address) as client, ThreadPoolExecutor(1) as pool:
        run = client.watch(content, style, iterations=ITERATIONS, chunk_size=Always(4))
        progresses = [next(run)]
        first.close()
        again = pool.submit(lambda: (time.sleep(0.6), gate(first.port)))
        progresses += run
        again.result()
    assert bits(progresses) == bits_of(whole)


def test_a_server_that_does_not_come_back_ends_the_run_when_patience_does(gate, content, style):
    first = gate()
    with StyleClient(first.address) as client:
        run = client.watch(content, style, iterations=9, chunk_size=Always(4), patience=Patience(seconds=1.2))
        next(run)
        first.close()
        begin = time.monotonic()
        with pytest.raises(errors.ServerUnavailable, match=f"Nothing answers at {first.address}"):
            next(run)
    assert 1.2 <= time.monotonic() - begin < 5


def test_another_server_takes_over_without_a_wait(gate, server, content, style, whole):
    first = gate()
    troubles: list[errors.NstError] = []
    with StyleClient([first.address, server.address]) as client:
        patience = Patience(on_trouble=troubles.append)
        run = client.watch(content, style, iterations=ITERATIONS, chunk_size=Always(4), patience=patience)
        progresses = list(itertools.islice(run, 1))
        first.close()
        progresses += run
    assert bits(progresses) == bits_of(whole)
    assert troubles == []
