"""One optimisation in many calls: it can be watched, stopped and resumed, and outlives its server."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from nst_client import contract, errors
from nst_client.chunk_size import ChunkSize
from nst_client.divergence import Watchdog
from nst_client.inputs import whole
from nst_client.progress import Progress
from nst_client.protocol import tensor_pb2
from nst_client.tensors import array_of, strings_of

Outputs = Mapping[str, tensor_pb2.TensorProto]
Predict = Callable[..., tuple[Outputs, int]]  # StyleClient's own: signature, inputs, deadline, fetch

# A server that dies and is started again: a pod that moves to another machine and loads its model takes a minute.
PATIENCE_SECONDS = 120.0
RETRY_SECONDS = 0.5

# What a restart looks like from outside: no connection, then a model that is still loading, or a full queue.
TRANSIENT = (errors.ServerUnavailable, errors.ModelNotFound, errors.ServerBusy, errors.ServerStopping)


class Patience(NamedTuple):
    """How a run meets trouble."""

    seconds: float = PATIENCE_SECONDS  # to wait for a server
    deadline_seconds: float | None = None  # of one call; by default by size and iterations
    on_trouble: Callable[[errors.NstError], None] = lambda _: None  # told before each new try; may raise
    from_the_start: bool = False  # with a server that has not answered yet, too: else its address is taken for wrong


def run(
    predict: Predict,
    inputs: Mapping[str, Any],
    iterations: int,
    *,
    resume: Progress | None = None,
    stop_at_multiples_of: int | None = None,
    chunk_size: ChunkSize | None = None,
    patience: Patience = Patience(),  # noqa: B008  (immutable)
) -> Iterator[Progress]:
    """Yields a run's progress after each of its calls.

    Args:
        predict: calls a signature.
        inputs: of `stylize_start`.
        iterations: wanted in the whole run.
        resume: where to go on; by default at the content.
        stop_at_multiples_of: there always is a progress after such a number of iterations.
        chunk_size: shared with other runs on the same servers.
        patience: with servers.

    Raises:
        Diverged: the loss is no longer finite, or rises without end.
        NstError: whatever a call raises, when patience is at an end.
    """
    calls = _Calls(predict, inputs, patience)
    chunk_size = chunk_size or ChunkSize()
    progress = calls.start(iterations) if resume is None else resume._replace(iterations=iterations)
    height, width, _ = inputs["content"].shape
    watchdog, most = Watchdog(), iterations
    while progress.iteration < iterations:
        wanted = min(chunk_size.iterations(height * width), most, iterations - progress.iteration)
        if stop_at_multiples_of:
            wanted = min(wanted, stop_at_multiples_of - progress.iteration % stop_at_multiples_of)
        try:
            after = calls.step(progress, wanted)
        except (errors.DeadlineExceeded, errors.RequestRefused) as error:
            if wanted <= 1 or not _would_take_fewer(error):
                raise
            if isinstance(error, errors.DeadlineExceeded):
                patience.on_trouble(error)
            most = wanted // 2
            continue
        watchdog.check(progress, after.losses)
        chunk_size.learn(height * width, len(after.losses), after.seconds)
        progress = after
        yield progress


def _would_take_fewer(error: errors.NstError) -> bool:
    """Whether a call with fewer iterations may do: out of time, or above the model's limit for one call."""
    return isinstance(error, errors.DeadlineExceeded) or "iterations: must be" in str(error)


class _Calls:
    """The calls of one run, repeated where a server went away in the middle."""

    def __init__(self, predict: Predict, inputs: Mapping[str, Any], patience: Patience) -> None:
        self._predict = predict
        self._inputs = inputs
        self._patience = patience
        self._answered = patience.from_the_start

    def start(self, iterations: int) -> Progress:
        outputs, version, seconds = self._call(contract.START, self._inputs, 0, ("state_bytes", "image"))
        no_losses = np.empty((0, len(contract.LOSS_COLUMNS)), np.float32)
        state = strings_of(outputs["state_bytes"])
        return Progress(0, iterations, array_of(outputs["image"]), no_losses, seconds, version, state)

    def step(self, progress: Progress, wanted: int) -> Progress:
        inputs = {**self._inputs, "state_bytes": progress.state, "iterations": whole("iterations", wanted, 32)}
        outputs, version, seconds = self._call(contract.STEP, inputs, wanted, ("state_bytes", "image", "losses"))
        losses = array_of(outputs["losses"])
        if not 0 < len(losses) <= wanted:  # fewer than wanted where the model was exported with --max-seconds
            raise errors.BadAnswer(
                f"The server sent {len(losses)} losses for {wanted} iterations.",
                "Serve a model written by `nst export`.",
            )
        return progress._replace(
            iteration=progress.iteration + len(losses),
            image=array_of(outputs["image"]),
            losses=losses,
            seconds=seconds,
            version=version,
            state=strings_of(outputs["state_bytes"]),
        )

    def _call(
        self, signature: str, inputs: Mapping[str, Any], iterations: int, fetch: tuple[str, ...]
    ) -> tuple[Outputs, int, float]:
        deadline_seconds = self._patience.deadline_seconds
        if deadline_seconds is None:
            height, width, _ = inputs["content"].shape
            deadline_seconds = contract.stylize_deadline(height, width, iterations)
        ends = None
        while True:
            begin = time.monotonic()
            try:
                outputs, version = self._predict(signature, inputs, deadline_seconds, fetch=fetch)
            except TRANSIENT as error:
                now = time.monotonic()  # not `begin`: the call may have run for longer than any patience
                ends = now + self._patience.seconds if ends is None else ends
                hopeless = not self._answered and not isinstance(error, errors.ServerBusy)
                if hopeless or isinstance(error, errors.OutOfMemory) or now >= ends:
                    raise
                self._patience.on_trouble(error)
                time.sleep(RETRY_SECONDS)
            else:
                self._answered = True
                return outputs, version, time.monotonic() - begin
