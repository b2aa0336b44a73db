"""`nst bench`: from a plan to a report."""

from __future__ import annotations

import importlib.metadata
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import nst_graph
from nst_export.bench.measure import Plan, Say, seen_at
from nst_export.bench.report import Benchmark, LeftOut
from nst_export.bench.rows import COMPILED, LOOPS, Row
from nst_export.bench.runner import Runner, Served, ServedRow, worker_process
from nst_export.bench.summary import Machine, benchmark
from nst_export.bench.task import model_dir, write_task

Serve = Callable[[Path], AbstractContextManager[Served]]  # a model's folder


def measured(
    plan: Plan,
    *,
    weights: str,
    serve: Serve,
    pytorch: tuple[str, str] | None,
    left_out: Sequence[LeftOut],
    processor: str,
    say: Say,
) -> Benchmark:
    """Exports, measures all rows at all sizes, and ends all processes that it started.

    Args:
        plan: what to measure.
        weights: of VGG19, as for `nst export`.
        serve: serves a model in a process of its own as long as the block lasts.
        pytorch: the interpreter that has it, and its version.
        left_out: rows that are not in the plan since they cannot run.
        processor: see `Benchmark`.
        say: called with lines on how far it is.

    Raises:
        ExportError: nothing could be exported. A row that fails is in the report.
    """
    versions = {"Python": platform.python_version(), "nst-serving": nst_graph.__version__}
    versions |= {name: importlib.metadata.version(name) for name in ("tensorflow", "numpy")}
    versions |= {"torch": pytorch[1]} if pytorch else {}
    with tempfile.TemporaryDirectory(prefix="nst-bench-") as name:
        folder = Path(name)
        say("Exporting the models.")
        precisions = dict.fromkeys(row.precision for row in plan.rows if row.kind in ("session", "grpc"))
        xla = any(row.signature == COMPILED for row in plan.rows)
        task = write_task(folder, weights=weights, sizes=plan.sizes, precisions=precisions, xla=xla)

        @contextmanager
        def start(row: Row, size: int) -> Iterator[Runner]:
            if row.kind == "grpc":
                with serve(model_dir(folder, row.precision)) as served:
                    yield ServedRow(served, folder, size)
            else:
                python = pytorch[0] if pytorch and row.kind == "pytorch" else sys.executable
                with worker_process(LOOPS[row.kind], row.settings(folder, size), python) as process:
                    yield process

        seen = [seen_at(plan, size, start, say) for size in plan.sizes]
    return benchmark(plan, task, seen, left_out, Machine(processor, versions))
