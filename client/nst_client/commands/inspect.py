"""`nst inspect`: what a model is, on disk or on a server."""

from __future__ import annotations

import functools
import importlib
from pathlib import Path
from typing import Annotated

import typer

from nst_client.commands.connection import Connection, calls_of, connection_options, is_address, refuse_label
from nst_client.commands.options import AsJson
from nst_client.commands.paper import shown


@functools.partial(connection_options, without=("server", "model_dir"))
def inspect(
    target: Annotated[
        str, typer.Argument(metavar="PATH|HOST:PORT", help="A model's folder, a version's, or a server's gRPC port.")
    ],
    *,
    graph: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the graph's outline to a file, .svg or .mmd (Mermaid), too."),
    ] = None,
    digests: Annotated[
        bool | None,
        typer.Option("--digests/--no-digests", help="The files' SHA-256.", show_default="up to 268 MB of files"),
    ] = None,
    as_json: AsJson = False,
    connection: Connection,
) -> None:
    """Shows all that a SavedModel says of itself, ours or another's, without loading TensorFlow.

    Exit code 1 if something is wrong with it.
    """
    toolkit = functools.partial(importlib.import_module, package="nst_export.toolkit")  # not to be imported here
    if is_address(target):
        if graph is not None:
            raise typer.BadParameter("--graph is for a folder: a server hands out no graph.")
        with calls_of(connection, target) as call:
            name, version, label = connection.model_name, connection.version, connection.label
            report = toolkit(".served").served(call, target, name, version, label)
    else:
        refuse_label(connection)
        folder = toolkit(".inspection").version_folder_of(Path(target), connection.version)
        report = toolkit(".inspection").inspected(folder, digests=digests)
        if graph is not None:
            title = f"{report.model} {report.version or ''}".rstrip()
            toolkit(".drawing").write_drawing(graph, title, toolkit(".outline").outline_of(folder))
    typer.echo(shown(report, "nst_export.toolkit.screen", as_json=as_json))
    if report.problems:
        raise typer.Exit(1)
