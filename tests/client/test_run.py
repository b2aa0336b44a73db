"""A run in many calls: the bits of a single one, whatever becomes of the servers on the way."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import numpy as np
import pytest
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

from nst_client import contract, errors
from nst_client.chunk_size import ChunkSize
from nst_client.progress import Progress
from nst_client.run import RETRY_SECONDS, TRANSIENT, Patience
from nst_client.servers import Server, Servers, server_at
from nst_client.style_client import StyleClient, Stylized
from nst_client.tensors import array_of, tensor_of
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
        self._real = server_at(server.address)
        self.tricks: deque[Exception | Callable[[predict_pb2.PredictResponse], None] | None] = deque()
        self.rule: Callable[[int, float], None] = lambda iterations, timeout: None  # may raise
        self.asked: list[int] = []  # iterations; 0 is the start

    def Predict(self, request, timeout):  # noqa: N802
        iterations = int(array_of(request.inputs["iterations"])) if "iterations" in request.inputs else 0
        self.asked.append(iterations)
        self.rule(iterations, timeout)
        trick = self.tricks.popleft() if self.tricks else None
        if isinstance(trick, Exception):
            raise trick
        reply = self._real.prediction.Predict(request, timeout=timeout)
        if trick is not None:
            trick(reply)
        return reply

    def client(self) -> StyleClient:
        return StyleClient(servers=Servers([Server("between:1", self, None, self._real.close)]))


class Always(ChunkSize):
    """Calls of the same length, for tests in which that must not depend on the clock."""

    def __init__(self, iterations: int) -> None:
        super().__init__()
        self._iterations = iterations

    def iterations(self, pixels: int) -> int:
        return self._iterations


@pytest.fixture
def between(server: EmbeddedServer) -> Between:
    return Between(server)


@pytest.fixture
def whole(client, content, style) -> Stylized:
    """The run in one call."""
    return client.stylize(content, style, iterations=ITERATIONS)


def watched(client: StyleClient, content, style, *, calls_of: int = 4, iterations: int = ITERATIONS, **options):
    return list(client.watch(content, style, iterations=iterations, chunk_size=Always(calls_of), **options))


def bits(progresses: list[Progress]) -> tuple[bytes, bytes]:
    return progresses[-1].image.tobytes(), np.concatenate([each.losses for each in progresses]).tobytes()


def bits_of(stylized: Stylized) -> tuple[bytes, bytes]:
    return stylized.image.tobytes(), stylized.losses.tobytes()


@pytest.mark.parametrize("calls_of", [1, 5, ITERATIONS, 1000])
def test_a_watched_run_gives_the_bits_of_one_call(client, content, style, whole, calls_of: int):
    progresses = watched(client, content, style, calls_of=calls_of)
    assert bits(progresses) == bits_of(whole)
    expected = [*range(calls_of, ITERATIONS, calls_of), ITERATIONS]
    assert [each.iteration for each in progresses] == expected
    assert [len(each.losses) for each in progresses] == np.diff([0, *expected]).tolist()
    assert {(each.iterations, each.version) for each in progresses} == {(ITERATIONS, 1)}


def test_the_numbers_are_those_of_one_call_too(client, content, style):
    numbers = {"content_weight": 0.1, "style_weight": 2.0, "tv_weight": 0.5, "learning_rate": 3.0}
    assert bits(watched(client, content, style, **numbers)) == bits_of(
        client.stylize(content, style, iterations=ITERATIONS, **numbers)
    )


def test_without_a_chunk_size_the_first_call_is_short_and_the_later_ones_take_about_a_second(client, content, style):
    first, *others = client.watch(content, style, iterations=100)
    assert (first.iteration, others[-1].iteration) == (1, 100)
    assert all(each.seconds < 10 for each in others)


def test_on_progress_sees_every_call_and_changes_no_bit(client, content, style, whole):
    seen: list[Progress] = []
    stylized = client.stylize(content, style, iterations=ITERATIONS, on_progress=seen.append)
    assert bits_of(stylized) == bits_of(whole) == bits(seen)
    assert stylized.version == 1


def test_a_run_goes_on_from_any_of_its_progresses_on_any_server_of_the_same_model(
    client, other_server, content, style, whole
):
    progresses = watched(client, content, style, calls_of=3)
    with StyleClient(other_server.address) as other:  # it sends strings in the other encoding
        for done in range(1, len(progresses)):
            rest = watched(other, content, style, calls_of=5, resume=progresses[done - 1])
            assert bits([*progresses[:done], *rest]) == bits_of(whole)


def test_a_finished_run_goes_on_further(client, content, style, whole):
    half = watched(client, content, style, iterations=5)
    rest = watched(client, content, style, resume=half[-1])
    assert bits([*half, *rest]) == bits_of(whole)
    assert {each.iterations for each in rest} == {ITERATIONS}


def test_a_run_goes_on_with_its_own_pictures_and_numbers_only(client, content, style):
    (done,) = watched(client, content, style, iterations=2)
    changed = content.copy()
    changed[0, 0, 0] ^= 1
    for pictures, numbers, name in (
        ((changed, style), {}, "content"),
        ((content, content), {}, "style"),
        ((content[:40], style), {}, "size"),
        ((content, style), {"learning_rate": 2.0}, "learning_rate"),
    ):
        with pytest.raises(errors.RequestRefused, match=f"must come from a run with the same {name}"):
            watched(client, *pictures, resume=done, **numbers)


@pytest.mark.parametrize("iterations", [0, -1, 5])
def test_fewer_iterations_than_are_done_are_refused_before_a_call(client, content, style, iterations: int):
    done = watched(client, content, style, iterations=5)[-1] if iterations == 5 else None
    got = f"iterations: must be more than the {5 if done else 0} that are done, got {iterations}."
    with pytest.raises(errors.RequestRefused) as caught:
        client.watch(content, style, iterations=iterations, resume=done)
    assert str(caught.value) == got


@pytest.mark.parametrize("iterations", [2.5, float("nan"), float("inf"), 2**31])
def test_iterations_that_are_no_whole_number_are_refused_before_a_call(between, content, style, iterations: float):
    with between.client() as client, pytest.raises(errors.RequestRefused, match="iterations: must be a whole number"):
        client.stylize(content, style, iterations=iterations, on_progress=print)
    assert between.asked == []


def test_a_run_stops_at_multiples(client, content, style, whole):
    progresses = watched(client, content, style, calls_of=4, stop_at_multiples_of=5)
    assert [each.iteration for each in progresses] == [4, 5, 9, 10, 12]
    assert bits(progresses) == bits_of(whole)


def test_multiples_count_from_the_runs_start_not_from_where_it_goes_on(client, content, style):
    half = watched(client, content, style, iterations=7)[-1]
    rest = watched(client, content, style, resume=half, calls_of=100, stop_at_multiples_of=5)
    assert [each.iteration for each in rest] == [10, 12]


def test_calls_above_the_models_limit_become_smaller(between, content, style):
    with between.client() as client:
        progresses = watched(client, content, style, calls_of=1000, iterations=150)
    assert between.asked == [0, 150, 75, 75]
    assert progresses[-1].iteration == 150


def test_a_refusal_that_is_not_about_iterations_is_not_repeated(between, content, style):
    between.tricks = deque([None, Failed(Code.INVALID_ARGUMENT, "style: is not to my taste")])
    with between.client() as client, pytest.raises(errors.RequestRefused, match="not to my taste"):
        watched(client, content, style)
    assert between.asked == [0, 4]


def test_a_missed_deadline_makes_calls_smaller_and_changes_no_bit(between, content, style, whole):
    def slow(iterations: int, timeout: float) -> None:
        if iterations * 0.5 > timeout:
            raise Failed(Code.DEADLINE_EXCEEDED)

    between.rule = slow
    troubles: list[errors.NstError] = []
    patience = Patience(deadline_seconds=1.6, on_trouble=troubles.append)
    with between.client() as client:
        progresses = watched(client, content, style, calls_of=12, patience=patience)
    assert between.asked == [0, 12, 6, 3, 3, 3, 3]
    assert bits(progresses) == bits_of(whole)
    assert [type(trouble) for trouble in troubles] == [errors.DeadlineExceeded] * 2


def test_a_deadline_that_is_too_short_for_one_iteration_ends_the_run(between, content, style):
    between.tricks = deque([None, *[Failed(Code.DEADLINE_EXCEEDED)] * 9])
    with between.client() as client, pytest.raises(errors.DeadlineExceeded, match=r"within 7 s\.$"):
        watched(client, content, style, patience=Patience(deadline_seconds=7))
    assert between.asked == [0, 4, 2, 1]


def test_without_a_deadline_of_ones_own_it_grows_with_the_call(between, content, style):
    seen: dict[int, float] = {}
    between.rule = seen.__setitem__
    with between.client() as client:
        watched(client, content, style, calls_of=8)
    assert seen == {number: contract.stylize_deadline(48, 64, number) for number in (0, 8, 4)}


def answer(**outputs: np.ndarray) -> Callable[[predict_pb2.PredictResponse], None]:
    """Puts other tensors into an answer."""
    return lambda reply: [reply.outputs[name].CopyFrom(tensor_of(array)) for name, array in outputs.items()]


def losses(*totals: float) -> np.ndarray:
    return np.outer(np.array(totals, np.float32), [1, 0.25, 0.5, 0.25]).astype(np.float32)


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_a_loss_that_is_no_longer_finite_ends_the_run_with_the_best_picture(between, content, style, broken: float):
    worse = answer(losses=losses(5, 4, 3, 9))
    between.tricks = deque(
        [None, worse, answer(losses=losses(2, 4, 5, 6)), worse, answer(losses=losses(3, broken, 1, 1))]
    )
    with between.client() as client, pytest.raises(errors.Diverged) as caught:
        watched(client, content, style, iterations=20)
    assert str(caught.value) == "The loss is no longer finite at iteration 13."
    assert "smaller learning rate" in caught.value.remedy
    best = caught.value.best
    assert best.iteration == 4  # whose loss, 2, stands first in the next answer
    assert np.array_equal(best.image, client_picture(between, content, style, 4))


def client_picture(between: Between, content, style, iterations: int) -> np.ndarray:
    with StyleClient(between.address) as client:
        return client.stylize(content, style, iterations=iterations).image


def test_a_run_that_diverges_at_once_has_no_best_picture(between, content, style):
    between.tricks = deque([None, answer(losses=losses(np.nan, 1, 1, 1))])
    with between.client() as client, pytest.raises(errors.Diverged, match="at iteration 0") as caught:
        watched(client, content, style)
    assert caught.value.best is None


def test_losses_that_rise_without_end_end_the_run(between, content, style):
    high = answer(losses=losses(*[50.0] * 20))
    between.tricks = deque([None, answer(losses=losses(*np.linspace(2, 1, 20))), high, high, high, high])
    with between.client() as client, pytest.raises(errors.Diverged, match="above 10 times its lowest") as caught:
        watched(client, content, style, calls_of=20, iterations=100)
    assert "for 60 iterations, up to iteration 80." in str(caught.value)
    assert caught.value.best.iteration == 20


@pytest.mark.parametrize("count", [0, 5])
def test_more_losses_than_were_asked_for_or_none_are_a_bad_answer(between, content, style, count: int):
    between.tricks = deque([None, answer(losses=losses(*range(count)))])
    with between.client() as client, pytest.raises(errors.BadAnswer, match=f"sent {count} losses for 4 iterations"):
        watched(client, content, style)


def test_a_server_may_answer_with_fewer_iterations_than_were_asked_for(between, content, style):
    between.tricks = deque([None, answer(losses=losses(3, 2))])
    with between.client() as client:
        assert next(client.watch(content, style, iterations=9, chunk_size=Always(4))).iteration == 2


@pytest.mark.parametrize("code", [Code.UNAVAILABLE, Code.NOT_FOUND, Code.CANCELLED])
def test_a_server_that_was_never_there_fails_at_once(between, content, style, code: grpc.StatusCode):
    between.tricks = deque([Failed(code)] * 3)
    troubles: list[errors.NstError] = []
    with between.client() as client, pytest.raises(TRANSIENT):
        watched(client, content, style, patience=Patience(on_trouble=troubles.append))
    assert (between.asked, troubles) == ([0], [])


def test_a_busy_server_and_one_that_is_known_are_waited_for_from_the_start(between, content, style, whole):
    between.tricks = deque([Failed(Code.RESOURCE_EXHAUSTED)])
    with between.client() as client:
        assert bits(watched(client, content, style)) == bits_of(whole)
        between.tricks = deque([Failed(Code.UNAVAILABLE)])
        assert bits(watched(client, content, style, patience=Patience(from_the_start=True))) == bits_of(whole)


def test_a_restart_in_the_middle_is_waited_for_and_told(between, content, style, whole):
    restart = [Failed(code) for code in (Code.CANCELLED, Code.UNAVAILABLE, Code.NOT_FOUND, Code.RESOURCE_EXHAUSTED)]
    between.tricks = deque([None, None, *restart])
    troubles: list[errors.NstError] = []
    with between.client() as client:
        progresses = watched(client, content, style, patience=Patience(on_trouble=troubles.append))
    assert bits(progresses) == bits_of(whole)
    assert between.asked == [0, 4, 4, 4, 4, 4, 4, 4]
    names = ["ServerStopping", "ServerUnavailable", "ModelNotFound", "ServerBusy"]
    assert [type(trouble).__name__ for trouble in troubles] == names
    assert all(each.seconds < RETRY_SECONDS for each in progresses)  # the waiting is no part of the call


def test_out_of_memory_is_not_repeated(between, content, style):
    between.tricks = deque([None, Failed(Code.RESOURCE_EXHAUSTED, "OOM when allocating tensor with shape[9]")])
    with between.client() as client, pytest.raises(errors.OutOfMemory):
        watched(client, content, style)
    assert between.asked == [0, 4]


@pytest.mark.parametrize("code", [Code.INTERNAL, Code.UNIMPLEMENTED, Code.FAILED_PRECONDITION, Code.UNKNOWN])
def test_a_failure_that_is_no_restart_is_not_repeated(between, content, style, code: grpc.StatusCode):
    between.tricks = deque([None, Failed(code)])
    with between.client() as client, pytest.raises(errors.NstError):
        watched(client, content, style)
    assert between.asked == [0, 4]


def test_who_is_told_of_trouble_may_end_the_run(between, content, style):
    between.tricks = deque([None, None, Failed(Code.UNAVAILABLE)])

    def end(trouble: errors.NstError) -> None:
        raise errors.BadAnswer("Enough.", "")

    with between.client() as client, pytest.raises(errors.BadAnswer, match="Enough"):
        watched(client, content, style, patience=Patience(on_trouble=end))


def test_patience_begins_when_the_server_is_lost_not_when_its_call_began(between, content, style, whole):
    """A call of a large picture may have run for longer than the patience."""

    def lost(iterations: int, timeout: float) -> None:
        if between.asked == [0, 4, 4]:
            time.sleep(0.7)
            raise Failed(Code.UNAVAILABLE)

    between.rule = lost
    with between.client() as client:
        assert bits(watched(client, content, style, patience=Patience(seconds=0.6))) == bits_of(whole)


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
