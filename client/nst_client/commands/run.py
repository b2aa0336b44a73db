"""`nst run`: any signature of any model, on disk or on a server."""

from __future__ import annotations

import contextlib
import functools
import importlib
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nst_client.commands.connection import (
    Connection,
    calls_here,
    calls_of,
    connection_options,
    is_address,
    refuse_label,
)
from nst_client.commands.options import AsJson
from nst_client.commands.paper import shown

if TYPE_CHECKING:
    import numpy as np

DEADLINE_SECONDS = 3600.0

Value = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[NAME=VALUE|NAME=@FILE]...",
        help="The inputs. A VALUE is JSON, as in iterations=3 or blend=[0.7,0.3]; a single text stands as it is. A "
        "FILE is .npy, .json or .tensor; for an input of texts anything; else a picture, whose levels are 0 to 255 as "
        "whole numbers and 0 to 1 as others, and which is scaled where the signature says its size. What has a default "
        "may be left out.",
        show_default=False,
    ),
]


@functools.partial(connection_options, without=("server", "model_dir"))
def run(
    target: Annotated[
        str, typer.Argument(metavar="DIR|HOST:PORT", help="A model's folder, a version's, or a server's gRPC port.")
    ],
    signature: Annotated[str, typer.Argument(metavar="SIGNATURE", help="Its name: `nst inspect` shows all.")],
    values: Value = None,
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FOLDER",
            help="Write the outputs there: pictures as .png, files as they are, numbers as .npy, texts as .tensor.",
            show_default="only shown",
        ),
    ] = None,
    deadline: Annotated[float, typer.Option(min=0.001, help="Seconds after which the call is given up.")] = (
        DEADLINE_SECONDS
    ),
    as_json: AsJson = False,
    connection: Connection,
) -> None:
    """Calls a signature of any SavedModel, ours or another's, and shows what it gives.

    A folder is run by TensorFlow in this process.
    """
    from nst_client.files.written import make_folder, write_whole

    given = _by_name(values or [])
    export = functools.partial(importlib.import_module, package="nst_export")  # not to be imported here
    calling = export(".toolkit.calling")
    spec = export(".toolkit.served").model_spec(connection.model_name, connection.version, connection.label)
    with contextlib.ExitStack() as stack:
        if is_address(target):
            source: Path | str = target
            call = stack.enter_context(calls_of(connection, target))
            _, definitions = export(".toolkit.served").served_signatures(call, target, spec)
        else:
            refuse_label(connection)
            source = export(".toolkit.inspection").version_folder_of(Path(target), connection.version)
            graph_file = export(".saved_model.graph_file")
            definitions = graph_file.served_graph(graph_file.read_saved_model(source)).signature_def
        rows = export(".toolkit.signatures").signature_rows(definitions, {})
        request = calling.request_of(spec, calling.signature_called(rows, signature, source), given, _picture)
        if output is not None:
            make_folder(output)
        if isinstance(source, Path):  # last, since it takes seconds
            call = stack.enter_context(calls_here(source))
        begin = time.monotonic()
        reply = call("prediction", "Predict", request, deadline)
        seconds = time.monotonic() - begin
        outputs = calling.outputs_of(reply, output, write_whole)
    report = export(".toolkit.run_report").RunReport(str(source), signature, seconds, outputs)
    typer.echo(shown(report, "nst_export.toolkit.run_screen", as_json=as_json))


def _by_name(values: Sequence[str]) -> dict[str, str]:
    """What was written for each input, by its name."""
    given: dict[str, str] = {}
    for text in values:
        name, equals, value = text.partition("=")
        if not (name and equals):
            raise typer.BadParameter(f"{text!r} is not NAME=VALUE.")
        if name in given:
            raise typer.BadParameter(f"{name} is given twice.")
        given[name] = value
    return given


def _picture(file: Path, height: int | None, width: int | None) -> np.ndarray:
    """A picture of the size that a signature asks for, else of its own."""
    from nst_client.files.pictures import read_filling, read_picture

    return read_picture(file).pixels if height is None or width is None else read_filling(file, height, width)
