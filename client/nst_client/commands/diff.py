"""`nst diff`: what differs between two models, and whether one can take the other's place."""

from __future__ import annotations

import contextlib
import functools
import importlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from nst_client.commands.connection import Connection, calls_of, connection_options, is_address
from nst_client.commands.measuring import Timed, timed_apart, timed_there
from nst_client.commands.options import AsJson
from nst_client.commands.paper import shown

if TYPE_CHECKING:
    import numpy as np

VERSION = re.compile(r"(.*:\d+)/(\d+)")  # of a server: HOST:PORT/7

Target = "DIR|HOST:PORT[/VERSION]"
toolkit = functools.partial(importlib.import_module, package="nst_export.toolkit")  # not to be imported here


class Side(NamedTuple):
    """One of the two."""

    report: Any  # of `nst inspect`
    version: int | None  # that requests name, so that a server answers with the one that was looked at
    timed: Callable[[Sequence[Any], float], tuple[list[Timed], int | None]]  # see `timed_apart`


@functools.partial(connection_options, without=("server", "model_dir", "version", "label"))
def diff(
    a: Annotated[
        str, typer.Argument(metavar=Target, help="What is called now: a version, a model's newest, a server.")
    ],
    b: Annotated[str, typer.Argument(metavar=Target, help="What is to take its place.")],
    *,
    run: Annotated[bool, typer.Option("--run/--no-run", help="Call both with the same inputs.")] = True,
    content: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Picture to call them with.", show_default="made by the program")
    ] = None,
    style: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Picture to call them with.", show_default="made by the program")
    ] = None,
    size: Annotated[int, typer.Option(min=0, help="Longest side of these in pixels; 0 keeps theirs.")] = 256,
    iterations: Annotated[int, typer.Option(min=1, help="Iterations to call them with.")] = 10,
    deadline: Annotated[float, typer.Option(min=0.001, help="Seconds after which a call is given up.")] = 600.0,
    as_json: AsJson = False,
    connection: Connection,
) -> None:
    """Shows what differs between two SavedModels: contract, model card, variables, ops, files, and what they do.

    Exit code 1 if clients of A would notice that B has taken its place: something they use is gone, narrower or has
    another default, or B fails. A folder is run in a process of its own.
    """
    pictures = _pictures({"content": content, "style": style}, size)
    with _side(a, connection) as side_a, _side(b, connection) as side_b:
        found = None
        if run:
            found = _behaviour(side_a, side_b, connection.model_name, pictures, iterations, deadline)
        report = toolkit(".comparing").compared(side_a.report, side_b.report, found)
    typer.echo(shown(report, "nst_export.toolkit.difference_screen", as_json=as_json))
    if not report.compatible:
        raise typer.Exit(1)


@contextlib.contextmanager
def _side(target: str, connection: Connection) -> Iterator[Side]:
    with_version = None if Path(target).exists() else VERSION.fullmatch(target)
    address, version = (with_version[1], int(with_version[2])) if with_version else (target, None)
    if is_address(address):
        with calls_of(connection, address) as call:
            report = toolkit(".served").served(call, address, connection.model_name, version)
            yield Side(report, report.version, functools.partial(timed_there, call))
    else:
        inspection = toolkit(".inspection")
        folder = inspection.version_folder_of(Path(target))
        yield Side(inspection.inspected(folder), None, functools.partial(timed_apart, folder))


def _behaviour(
    a: Side, b: Side, model: str, pictures: Mapping[str, np.ndarray], iterations: int, deadline: float
) -> Any:
    module = toolkit(".behaviour")
    samples = module.samples(a.report, b.report, pictures, {"iterations": iterations})
    answers, sizes = [], []
    for side in (a, b):
        requests = [sample.request(model, side.version) for sample in samples]
        found, size = side.timed(requests, deadline)
        answers.append([module.answer(*one) for one in found])
        sizes.append(size)
    return module.behaviour(samples, *answers, *sizes)


def _pictures(files: Mapping[str, Path | None], size: int) -> dict[str, np.ndarray]:
    from nst_client.files.pictures import read_picture

    return {name: read_picture(file, size).pixels for name, file in files.items() if file is not None}
