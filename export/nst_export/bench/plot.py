"""Seconds and memory over pixels, a curve for each row."""

from __future__ import annotations

import io
from typing import Any

from nst_export.bench.report import Benchmark

FORMATS = (".png", ".svg")


def plotted(found: Benchmark, suffix: str) -> bytes:
    """The file's bytes; `suffix` is one of `FORMATS`."""
    from matplotlib.figure import Figure  # half a second that nothing else should wait for

    figure = Figure(figsize=(11, 5), layout="constrained")
    seconds, memory = figure.subplots(1, 2)
    _draw(seconds, found, "seconds", "seconds an iteration")
    _draw(memory, found, "peak_memory", "bytes above the process's base")
    seconds.legend(fontsize="small")
    figure.suptitle(found.processor, fontsize="small")
    buffer = io.BytesIO()
    figure.savefig(buffer, format=suffix.removeprefix("."), dpi=110)
    return buffer.getvalue()


def _draw(axes: Any, found: Benchmark, field: str, label: str) -> None:
    """A curve for each row, without what has no place on a logarithmic axis."""
    axes.set(xlabel="pixels", ylabel=label)
    axes.grid(alpha=0.3)
    for name in dict.fromkeys(row.name for size in found.sizes for row in size.rows):
        rows = [(size.size**2, getattr(row, field)) for size in found.sizes for row in size.rows if row.name == name]
        known = [(pixels, value) for pixels, value in rows if value is not None and value > 0]
        axes.plot(*zip(*known, strict=True) if known else ([], []), marker="o", label=name)
        if known:
            axes.set(xscale="log", yscale="log")
