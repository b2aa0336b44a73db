"""From what was seen to what is reported: medians, ratios, shares of the limit, growth."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from nst_export.bench.growth import fitted
from nst_export.bench.measure import Contender, Plan, Seen
from nst_export.bench.report import AtSize, Benchmark, Growth, LeftOut, Measured, Peak, WholeCall
from nst_export.bench.task import PRESET, Task

OURS = {"times_nst_float32": "nst-float32", "times_nst_bfloat16": "nst-bfloat16"}


class Machine(NamedTuple):
    """Where it was measured: see `Benchmark`."""

    processor: str
    versions: Mapping[str, str]


def benchmark(plan: Plan, task: Task, seen: Sequence[Seen], left_out: Sequence[LeftOut], machine: Machine) -> Benchmark:
    """Everything."""
    peaks = _peaks(seen)
    rates = {peak.precision: peak.flops_per_second for peak in peaks}
    sizes = []
    for one in seen:
        flops = task.flops_per_pixel * one.size * one.size
        rows = [_measured(contender, one.contenders, flops, rates) for contender in one.contenders]
        sizes.append(AtSize(one.size, plan.iterations_at(one.size), flops, rows))
    return Benchmark(
        processor=machine.processor,
        versions=machine.versions,
        weights=f"{task.weights.source}, SHA-256 {task.weights.sha256}",
        preset=PRESET,
        rounds=plan.rounds,
        peaks=peaks,
        sizes=sizes,
        calls=[call for one in seen for call in _calls(one, plan)],
        growth=_growth(sizes),
        left_out=left_out,
    )


def _peaks(seen: Sequence[Seen]) -> list[Peak]:
    best: dict[str, float] = {}
    for one in seen:
        for peak in one.peaks:
            best[peak.row.precision] = max([best.get(peak.row.precision, 0.0), *peak.values])
    return [Peak(precision, rate) for precision, rate in best.items() if rate > 0]


def _measured(contender: Contender, others: Sequence[Contender], flops: float, rates: Mapping[str, float]) -> Measured:
    precision = contender.row.precision
    seconds = None if contender.problem else statistics.median(contender.seconds)
    share = flops / rates[precision] / seconds if seconds and precision in rates else None
    by_name = {other.row.name: other for other in others}
    return Measured(
        name=contender.row.name,
        precision=precision,
        seconds=seconds,
        seconds_of_rounds=contender.seconds,
        share_of_limit=share,
        **{field: _ratio(contender, by_name.get(name)) for field, name in OURS.items()},
        base_memory=contender.base_memory,
        peak_memory=contender.peak_memory,
        loss=contender.values[-1] if contender.values else None,
        problem=contender.problem,
    )


def _ratio(one: Contender, other: Contender | None) -> float | None:
    """The median of the ratios within a round."""
    if other is None or one.problem or other.problem:
        return None
    return statistics.median(mine / theirs for mine, theirs in zip(one.seconds, other.seconds, strict=True))


def _calls(seen: Seen, plan: Plan) -> list[WholeCall]:
    return [
        WholeCall(
            call.precision,
            seen.size,
            plan.call_iterations,
            statistics.median(call.in_process),
            statistics.median(call.served),
            statistics.median(served / here for here, served in zip(call.in_process, call.served, strict=True)),
        )
        for call in seen.calls
    ]


def _growth(sizes: Sequence[AtSize]) -> list[Growth]:
    found = []
    for rows in zip(*(size.rows for size in sizes), strict=True):
        good = [(size.size**2, row) for size, row in zip(sizes, rows, strict=True) if not row.problem]
        pixels = [number for number, _ in good]
        seconds = fitted(pixels, [row.seconds for _, row in good])
        memory = fitted(pixels, [row.peak_memory for _, row in good])
        if seconds:
            found.append(Growth(rows[0].name, *seconds, *(memory or (None, None))))
    return found
