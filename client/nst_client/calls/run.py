"""One optimisation in many calls: it can be watched, stopped and resumed, and outlives its server."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

import numpy as np

from nst_client import contract, errors
from nst_client.calls.chunk_size import ChunkSize
from nst_client.calls.divergence import Watchdog
from nst_client.calls.inputs import whole
from nst_client.calls.planning import PLAN, Planned
from nst_client.calls.protocol import tensor_pb2
from nst_client.calls.refusals import PARTS_OF_THE_MODEL
from nst_client.calls.tensors import array_of, strings_of
from nst_client.progress import Plan, Progress

Outputs = Mapping[str, tensor_pb2.TensorProto]
Answer = TypeVar("Answer")
Predict = Callable[..., tuple[Outputs, int, float]]  # StyleClient's own: signature, inputs, deadline, fetch

# A server that dies and is started again: a pod that moves to another machine and loads its model takes a minute.
PATIENCE_SECONDS = 120.0
RETRY_SECONDS = 0.5

# What a client sees of a restart: no connection, then a model that is still loading, or a full queue.
TRANSIENT = (errors.ServerUnavailable, errors.ModelNotFound, errors.ServerBusy, errors.ServerStopping)


class Patience(NamedTuple):
    """How long a run tries again after a failure."""

    seconds: float = PATIENCE_SECONDS  # to wait for a server
    deadline_seconds: float | None = None  # of one call; by default by size and iterations
    on_trouble: Callable[[errors.NstError], None] = lambda _: None  # called before each new try; may raise
    from_the_start: bool = False  # wait for a server that has never answered, too: else the run fails at once


def run(
    predict: Predict,
    inputs: Mapping[str, Any],
    plan: Callable[[float], Planned],
    *,
    resume: Progress | None = None,
    stop_at_multiples_of: int | None = None,
    chunk_size: ChunkSize | None = None,
    patience: Patience = Patience(),  # noqa: B008  (immutable)
    servers: int = 1,
) -> Iterator[Progress]:
    """Yields a run's progress after each of its calls.

    Args:
        predict: calls a signature.
        inputs: of `stylize_start`.
        plan: decides, within so many seconds, how many iterations there are in the whole run, and at which sizes.
        resume: where to go on; by default at the beginning.
        stop_at_multiples_of: there always is a progress after such a number of iterations.
        chunk_size: shared with other runs on the same servers.
        patience: how long to try again after a failure.
        servers: how many there are: a call that one of them does not answer in time goes to the others.

    Raises:
        Diverged: the loss is no longer finite, or rises without end.
        NstError: whatever a call raises, when patience is at an end.
    """
    calls = _Calls(predict, inputs, patience, servers)
    chunk_size = chunk_size or ChunkSize()
    iterations, plan_of_run = calls.decide(plan)
    if resume is not None and resume.plan.sizes:
        _check_plan(resume.plan, plan_of_run)
    first = calls.start(iterations) if resume is None else resume._replace(iterations=iterations)
    progress = first._replace(plan=plan_of_run)
    watchdog, limit, most = Watchdog(), iterations, iterations
    while progress.iteration < iterations:
        pixels, state_bytes = calls.pixels(progress.iteration), sum(map(len, progress.state))
        at_this_size = plan_of_run.left_at_size(progress.iteration, iterations)  # a call never crosses to the next one
        wanted = min(chunk_size.iterations(pixels, state_bytes), limit, most, at_this_size)
        if stop_at_multiples_of:
            wanted = min(wanted, stop_at_multiples_of - progress.iteration % stop_at_multiples_of)
        try:
            after = calls.step(progress, wanted)
        except errors.DeadlineExceeded as error:
            if wanted <= 1:
                raise
            patience.on_trouble(error)
            most = wanted // 2
            continue
        except errors.StateRefused as error:
            if error.differs_in in PARTS_OF_THE_MODEL:
                began = f"It began with version {progress.version} of the model, as that was then"
                error.remedy = f"{began}: have that served, or start anew."
            raise
        except errors.RequestRefused as error:
            if wanted <= 1 or error.input != "iterations":
                raise
            limit = wanted // 2  # it was above the model's limit for one call
            continue
        if 4 * after.seconds < calls.deadline_seconds(
            wanted, progress.iteration
        ):  # twice as many would take half of it at most
            most = min(2 * most, iterations)
        watchdog.check(progress, after.losses)
        chunk_size.learn(pixels, len(after.losses), after.seconds, state_bytes)
        progress = after
        yield progress


def decide(predict: Predict, plan: Callable[[float], Planned], patience: Patience, servers: int) -> tuple[int, Plan]:
    """How many iterations a run makes and at which sizes, with the patience that `run` has."""
    return _Calls(predict, {}, patience, servers).decide(plan)


def _check_plan(began: Plan, wanted: Plan) -> None:
    """Refuses to go on with a run by another plan than it began with."""
    if wanted != began:
        first, other = (
            " and ".join(f"{name} {','.join(map(str, numbers))}" for name, numbers in plan._asdict().items())
            for plan in (began, wanted)
        )
        rule = f"The run began with {first}, got {other}."
        raise errors.StateRefused(rule, "Pass those that it began with, or begin it anew.", differs_in=PLAN[0])


class _Calls:
    """The calls of one run, repeated where a server went away in the middle."""

    def __init__(self, predict: Predict, inputs: Mapping[str, Any], patience: Patience, servers: int) -> None:
        self._predict = predict
        self._inputs = inputs
        self._patience = patience
        self._servers = servers
        self._answered = patience.from_the_start
        self._plan = Plan()

    def decide(self, plan: Callable[[float], Planned]) -> tuple[int, Plan]:
        """How many iterations the run makes and at which sizes, which all further calls are told."""
        within = self._patience.deadline_seconds or contract.STATUS_DEADLINE_SECONDS
        decided = self._patiently(lambda: plan(within), 0)
        self._inputs, self._plan = {**self._inputs, **decided.inputs}, decided.plan
        return decided.iterations, decided.plan

    def pixels(self, iteration: int) -> int:
        """At which iteration number `iteration` is made."""
        height, width, _ = self._inputs["content"].shape
        return math.prod(self._plan.sides(iteration, height, width))

    def start(self, iterations: int) -> Progress:
        outputs, version, seconds = self._call(contract.START, self._inputs, 0, ("state_bytes", "image"))
        self._answered = True
        no_losses = np.empty((0, len(contract.LOSS_COLUMNS)), np.float32)
        state = strings_of(outputs["state_bytes"])
        return Progress(0, iterations, array_of(outputs["image"]), no_losses, seconds, version, state)

    def step(self, progress: Progress, wanted: int) -> Progress:
        inputs = {**self._inputs, "state_bytes": progress.state, "iterations": whole("iterations", wanted, 32)}
        outputs, version, seconds = self._call(
            contract.STEP, inputs, wanted, ("state_bytes", "image", "losses"), progress.iteration
        )
        self._answered = True
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

    def deadline_seconds(self, iterations: int, done: int = 0) -> float:
        """Of a call of so many after those that are done, all at one size."""
        if self._patience.deadline_seconds is not None:
            return self._patience.deadline_seconds
        height, width, _ = self._inputs["content"].shape
        return contract.stylize_deadline(*self._plan.sides(done, height, width), iterations)

    def _call(
        self, signature: str, inputs: Mapping[str, Any], iterations: int, fetch: tuple[str, ...], done: int = 0
    ) -> tuple[Outputs, int, float]:
        deadline = self.deadline_seconds(iterations, done)
        return self._patiently(lambda: self._predict(signature, inputs, deadline, fetch=fetch), iterations)

    def _patiently(self, call: Callable[[], Answer], iterations: int) -> Answer:
        ends, hung = None, 0
        while True:
            try:
                return call()
            except errors.DeadlineExceeded as error:
                hung += 1
                if iterations > 1 or hung >= self._servers:  # the caller makes it smaller, or no server is left
                    raise
                self._patience.on_trouble(error)
            except TRANSIENT as error:
                now = time.monotonic()  # not before the call, which may have run for longer than any patience
                ends = now + self._patience.seconds if ends is None else ends
                never_there = not self._answered and not isinstance(error, errors.ServerBusy)
                if never_there or isinstance(error, errors.OutOfMemory) or now >= ends:
                    raise
                self._patience.on_trouble(error)
                time.sleep(RETRY_SECONDS)
