"""A benchmark as a person reads it."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from nst_export.bench.report import AtSize, Benchmark, Measured
from nst_export.bench.rows import ROWS
from nst_export.toolkit.tables import sections_as_text, table
from nst_export.toolkit.words import bytes_in_words

TITLES = ("row", "s/iteration", "of limit", "x nst-float32", "x nst-bfloat16", "memory", "base", "loss")
MEANINGS = (
    "Seconds are the median of the rounds, of (time of 1 + N iterations - time of 1) / N.",
    "Of limit: what share of them the iteration's convolutions take at this machine's peak.",
    "x nst-float32, x nst-bfloat16: how many times ours it takes.",
    "Memory: what the process adds at its peak to its base, which it has before the first call.",
    "Loss: of the same picture after as many iterations; rows that agree compute the same.",
)


def screen(found: Benchmark, *, width: int, colour: bool) -> str:
    """The text, at most `width` letters wide; `colour` is for terminals."""
    return sections_as_text(_sections(found), width=width, colour=colour)


def _sections(found: Benchmark) -> Iterator[tuple[str, RenderableType]]:
    yield "Machine", Text("\n".join(_machine(found)))
    names = {row.name for size in found.sizes for row in size.rows}
    yield "Rows", table(["row", "what"], [[row.name, row.meaning] for row in ROWS if row.name in names], head=False)
    for size in found.sizes:
        title = f"{size.size} x {size.size} pixels, N = {size.iterations}, {found.rounds} rounds"
        yield title, _at_size(size)
    if found.calls:
        yield "Whole calls", Text("\n".join(_calls(found)))
    if found.growth:
        rows = [
            [one.name, f"pixels ^ {one.seconds_exponent:.2f}", _exponent(one.memory_exponent)] for one in found.growth
        ]
        yield "Growth with the picture", table(["row", "seconds", "memory"], rows)
    if found.left_out:
        rows = [[one.name, one.reason] for one in found.left_out]
        yield "Not measured", table(["row", "why"], rows, head=False)
    yield "How to read it", Text("\n".join(MEANINGS))


def _machine(found: Benchmark) -> Iterator[str]:
    yield found.processor
    yield ", ".join(f"{name} {version}" for name, version in found.versions.items())
    yield f"weights {found.weights}; preset {found.preset}"
    for peak in found.peaks:
        yield f"convolution peak in {peak.precision}: {peak.flops_per_second / 1e9:,.0f} GFLOP/s"


def _at_size(size: AtSize) -> RenderableType:
    failed = [Text(f"{row.name} failed: {row.problem}.", style="red") for row in size.rows if row.problem]
    return Group(table(TITLES, [_cells(row) for row in size.rows if not row.problem]), *failed)


def _cells(row: Measured) -> list[str]:
    return [
        row.name,
        _number(row.seconds, ".3f"),
        _number(row.share_of_limit, ".0%"),
        _number(row.times_nst_float32, ".2f"),
        _number(row.times_nst_bfloat16, ".2f"),
        "-" if row.peak_memory is None else bytes_in_words(row.peak_memory),
        "-" if row.base_memory is None else bytes_in_words(row.base_memory),
        _number(row.loss, ".5g"),
    ]


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else f"{value:{form}}"


def _exponent(value: float | None) -> str:
    return "-" if value is None else f"pixels ^ {value:.2f}"


def _calls(found: Benchmark) -> Iterator[str]:
    for call in found.calls:
        whole = f"{call.iterations} iterations at {call.size} x {call.size} in {call.precision}"
        seconds = f"{call.served_seconds:.2f} s over gRPC, {call.in_process_seconds:.2f} s in process"
        yield f"{whole}: {seconds}, {call.ratio - 1:+.1%}"
