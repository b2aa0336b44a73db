"""Rounds of all rows, one after the other, so that a machine that slows down slows them all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import NamedTuple

from nst_export.bench.rows import Row, peak_rows
from nst_export.bench.runner import RowFailed, Runner, Timed

Start = Callable[[Row, int], AbstractContextManager[Runner]]  # a row at a size in pixels
Say = Callable[[str], None]

MOST_ITERATIONS, FEWEST_ITERATIONS = 12, 2
PEAK_REPEATS = 2


class Plan(NamedTuple):
    """What to measure."""

    rows: Sequence[Row]
    sizes: Sequence[int]  # pixels of each side
    rounds: int  # beside one that warms up
    iterations: int | None  # N; None: fewer at larger sizes
    call_iterations: int  # of whole calls

    def iterations_at(self, size: int) -> int:
        """So many that an iteration's time is seen beside the call's, and a round takes no longer than it must."""
        if self.iterations is not None:
            return self.iterations
        return max(FEWEST_ITERATIONS, min(MOST_ITERATIONS, MOST_ITERATIONS * 256 * 256 // (size * size)))


class Contender:
    """A row at a size, and what was seen of it."""

    def __init__(self, row: Row) -> None:
        """Nothing yet."""
        self.row = row
        self.runner: Runner | None = None
        self.seconds: list[float] = []  # of an iteration, a round each
        self.values: list[float] = []
        self.base_memory: int | None = None
        self.peak_memory: int | None = None
        self.problem = ""

    def start(self, stack: ExitStack, start: Start, size: int) -> None:
        """Has its process ready until the stack is closed."""
        try:
            self.runner = stack.enter_context(start(self.row, size))
            self.base_memory = self.runner.memory("VmRSS")
        except RowFailed as error:
            self.problem = str(error)

    def iterate(self, iterations: int) -> None:
        """Measures the marginal cost of an iteration."""
        first, whole = self.run(1), self.run(1 + iterations)
        if first and whole:
            self.seconds.append((whole.seconds - first.seconds) / iterations)
            self.values.append(whole.value)

    def run(self, iterations: int) -> Timed | None:
        """Runs once; None where the row has failed."""
        if self.runner is None or self.problem:
            return None
        try:
            timed = self.runner.timed(iterations)
            self._remember_memory()
        except RowFailed as error:
            self.problem = str(error)
            return None
        return timed

    def _remember_memory(self) -> None:
        peak = None if self.runner is None else self.runner.memory("VmHWM")
        if peak is not None and self.base_memory is not None:
            self.peak_memory = peak - self.base_memory


class Calls(NamedTuple):
    """Whole calls of a precision, a round each."""

    precision: str
    in_process: Sequence[float]  # seconds
    served: Sequence[float]


class Seen(NamedTuple):
    """All of one size, as it was measured."""

    size: int
    contenders: Sequence[Contender]
    peaks: Sequence[Contender]
    calls: Sequence[Calls]


def seen_at(plan: Plan, size: int, start: Start, say: Say) -> Seen:
    """Measures all rows at a size; a row that fails is left alone from then on."""
    contenders = [Contender(row) for row in plan.rows]
    peaks = [Contender(row) for row in peak_rows(plan.rows)]
    iterations = plan.iterations_at(size)
    with ExitStack() as stack:
        for contender in [*peaks, *contenders]:
            say(f"{size} x {size}: starting {contender.row.name}")
            contender.start(stack, start, size)
        for number in range(plan.rounds + 1):
            for peak in peaks:
                timed = peak.run(PEAK_REPEATS)
                peak.values += [timed.value] if timed else []
            for contender in contenders:
                contender.iterate(iterations)
                say(_progress(size, number, plan.rounds, contender))
        for contender in contenders:
            del contender.seconds[:1]  # the round that warmed up
        calls = _calls(plan, contenders, say) if size == min(plan.sizes) else []
    return Seen(size, contenders, peaks, calls)


def _progress(size: int, number: int, rounds: int, contender: Contender) -> str:
    which = f"round {number} of {rounds}" if number else "warming up"
    found = f"failed: {contender.problem}" if contender.problem else f"{contender.seconds[-1]:.3f} s an iteration"
    return f"{size} x {size}, {which}: {contender.row.name} {found}"


def _calls(plan: Plan, contenders: Sequence[Contender], say: Say) -> list[Calls]:
    """Whole calls over gRPC and in process, in turn, for each precision that has both."""
    found = []
    for precision in dict.fromkeys(row.precision for row in plan.rows):
        pair = [
            contender
            for kind in ("session", "grpc")
            for contender in contenders
            if (contender.row.kind, contender.row.precision) == (kind, precision)
        ]
        if len(pair) < 2:
            continue
        say(f"whole calls of {plan.call_iterations} iterations in {precision}")
        rounds = [[one.run(plan.call_iterations) for one in pair] for _ in range(plan.rounds)]
        whole = [(here.seconds, served.seconds) for here, served in rounds if here and served]
        if whole:
            found.append(Calls(precision, *map(list, zip(*whole, strict=True))))
    return found
