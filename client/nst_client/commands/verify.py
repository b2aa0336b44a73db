"""`nst verify`: questions to a model on disk, and to a server that has it."""

from __future__ import annotations

import functools
import importlib
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from nst_client.commands.connection import Connection, calls_of, connection_options
from nst_client.commands.options import AsJson
from nst_client.commands.paper import standard_output


@functools.partial(connection_options, without=("server", "model_dir", "label"))
def verify(
    folder: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="A version's folder, or a model's, which stands for its newest version."),
    ],
    *,
    against: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Ask a server that has this version, too: the same inputs over gRPC."),
    ] = None,
    only: Annotated[
        list[str], typer.Option(metavar="QUESTION", help="Only this question; may be given several times.")
    ] = [],  # noqa: B006  (nobody changes it)
    seconds: Annotated[float, typer.Option(min=1, help="How long one question may take.")] = 300,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a JUnit file for CI systems, too.")] = None,
    as_json: AsJson = False,
    connection: Connection,
) -> None:
    """Asks whether a SavedModel, ours or another's, is whole, loads, runs and does what it promises.

    Each answer is yes, no and why, or that the question does not apply. Exit code 1 if any is no. TensorFlow runs in
    a process of its own, so that no model can end this one.
    """
    verification = functools.partial(
        importlib.import_module, package="nst_export.verification"
    )  # not to be imported here
    module = verification(".verify")
    names = module.checked_names(only)
    inspection = importlib.import_module("nst_export.toolkit.inspection")
    version_folder = inspection.version_folder_of(folder, connection.version)
    server = None
    if against is not None:
        opening = functools.partial(calls_of, connection, against)
        server = verification(".apart").Server(opening, against, connection.model_name, connection.version)
    screen = verification(".screen").Screen(**standard_output()._asdict())
    if not as_json:
        chosen = version_folder != folder and connection.version is None
        typer.echo(screen.heading(version_folder, *module.name_of(version_folder), newest=chosen))
    show = (lambda _: None) if as_json else (lambda answer: typer.echo(screen.answer(answer)))
    found = module.verified(version_folder, only=names, seconds=seconds, server=server, show=show)
    if junit is not None:
        verification(".junit").write_junit(junit, found)
    typer.echo(_json(found) if as_json else screen.summary(found))
    if not found.passed:
        raise typer.Exit(1)


def _json(found: Any) -> str:
    return json.dumps(importlib.import_module("nst_export.saved_model.model_card").json_value(found))
