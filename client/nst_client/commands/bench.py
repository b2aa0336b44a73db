"""`nst bench`: what an iteration costs on this machine, beside the loops that people write themselves."""

from __future__ import annotations

import functools
import importlib
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nst_client.commands.doctor import this_processor
from nst_client.commands.options import AsJson
from nst_client.commands.paper import shown
from nst_client.contract import MIN_SIDE

if TYPE_CHECKING:
    import numpy as np

# Two are the fewest that show how the cost grows; at 512 the published recipes paint. 1024 takes as long as both.
SIZES = (256, 512)

# Nothing that runs beside what is measured, no seconds for the calls that Ctrl-C ends, and a memory without warm-up.
SERVER_OPTIONS = ("--poll-seconds", "0", "--grace-seconds", "0", "--no-warm-up")

DEADLINE_SECONDS = 24 * 3600.0  # of a call: a benchmark takes what it takes

module = functools.partial(importlib.import_module, package="nst_export.bench")  # not to be imported here


def bench(
    *,
    size: Annotated[
        list[int],
        typer.Option(
            min=MIN_SIDE,
            metavar="PIXELS",
            help="Of each side of the pictures; may be given several times.",
            show_default=" and ".join(map(str, SIZES)),
        ),
    ] = [],  # noqa: B006  (nobody changes it)
    row: Annotated[
        list[str], typer.Option(metavar="NAME", help="Only this row; may be given several times.", show_default="all")
    ] = [],  # noqa: B006
    rounds: Annotated[int, typer.Option(min=1, help="How often each row is measured; medians are shown.")] = 5,
    iterations: Annotated[
        int | None,
        typer.Option(min=1, max=9_999, help="Of one measurement.", show_default="12 at 256, fewer at larger sizes"),
    ] = None,
    call_iterations: Annotated[
        int, typer.Option(min=1, max=10_000, help="Of the whole calls over gRPC and in process, at the smallest size.")
    ] = 50,
    weights: Annotated[str, typer.Option(help="VGG19's weights, as for `nst export`.")] = "trained",
    torch_python: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="An interpreter that has PyTorch.", show_default="the one that runs nst"),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw seconds and memory over pixels: .png or .svg.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measures the cost of an iteration, in seconds and memory: ours, TensorFlow's eager loop and PyTorch's loops.

    All rows compute the same recipe on the same weights and pictures, in processes of their own that take turns, and
    are compared with the machine's convolution peak, which is measured beside them. On two cores the default takes
    about half an hour, and --size 1024 as much again. Nothing else should run meanwhile.
    Exit code 1 if a row failed.
    """
    rows, pytorch, left_out = _rows(row, torch_python)
    if plot is not None:
        _written().check_can_write(plot, module(".plot").FORMATS, "a plot")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C, which ends all processes
    environment = dict(os.environ)  # without the log level that this process takes for itself
    importlib.import_module("nst_export.quiet_import").import_tensorflow()
    gpu = module(".gpu").gpu_name()
    if not row and not gpu:
        rows, without = [one for one in rows if not one.for_gpus], [one for one in rows if one.for_gpus]
        left_out += [module(".report").LeftOut(one.name, module(".rows").WHY_FOR_GPUS) for one in without]
    measuring = module(".measure")
    found = module(".run").measured(
        measuring.Plan(rows, sorted(set(size or SIZES)), rounds, iterations, call_iterations),
        weights=weights,
        serve=functools.partial(_serve, environment | module(".runner").SHARED_GPU, on_a_gpu=gpu is not None),
        pytorch=pytorch,
        left_out=left_out,
        processor=", ".join(filter(None, (this_processor().found, gpu))),
        say=functools.partial(typer.echo, err=True),
    )
    typer.echo(shown(found, "nst_export.bench.screen", as_json=as_json))
    if plot is not None:
        _written().write_whole(plot, module(".plot").plotted(found, plot.suffix.lower()))
    if any(one.problem for at_size in found.sizes for one in at_size.rows):
        raise typer.Exit(1)


def _rows(names: Sequence[str], python: str | None) -> tuple[list[Any], tuple[str, str] | None, list[Any]]:
    """Rows to measure; the interpreter that has PyTorch and its version; rows that are left out for the want of it."""
    table = module(".rows")
    rows = table.chosen_rows(names)
    wanted = [row for row in rows if row.kind == "pytorch"]
    if not wanted:
        return rows, None, []
    interpreter = python or sys.executable
    try:
        return rows, (interpreter, table.pytorch_version(interpreter)), []
    except table.BenchError as error:
        if names or python:
            raise
        reason = f"{error} {error.remedy}"
    left_out = [module(".report").LeftOut(row.name, reason) for row in wanted]
    return [row for row in rows if row not in wanted], None, left_out


@contextmanager
def _serve(environment: Mapping[str, str], model_dir: Path, *, on_a_gpu: bool) -> Iterator[Any]:
    """A server of a model, as `nst_export.bench.runner` has it."""
    from nst_client.calls.style_client import StyleClient
    from nst_client.demo.server import embedded_server
    from nst_client.errors import NstError

    runner = module(".runner")
    try:
        with (
            embedded_server(model_dir, *SERVER_OPTIONS, environment=environment) as server,
            StyleClient(server.address) as client,
        ):

            def stylize(content: np.ndarray, style: np.ndarray, iterations: int) -> np.ndarray:
                try:
                    return client.stylize(
                        content, style, iterations=iterations, deadline_seconds=DEADLINE_SECONDS
                    ).losses
                except NstError as error:
                    raise runner.RowFailed(str(error).rstrip(".")) from error

            yield runner.Served(None if on_a_gpu else server.process, stylize)
    except NstError as error:
        raise runner.RowFailed(str(error).rstrip(".")) from error


def _written() -> Any:
    from nst_client.files import written

    return written
