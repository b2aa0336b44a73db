"""`nst batch`: many contents in the manner of many styles."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from nst_client import contract
from nst_client.commands import options

# One run computes while the pictures of the next travel: more would only wait in the server's queue.
IN_FLIGHT_PER_SERVER = 2


def batch(
    context: typer.Context,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where the results go.")],
    content: Annotated[list[str], typer.Option("--content", "-c", help="Pictures, folders or globs.")] = [],  # noqa: B006  (typer never changes it)
    style: Annotated[list[str], typer.Option("--style", "-s", help="The same for the styles.")] = [],  # noqa: B006
    manifest: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="A CSV table of pairs in their place: content, style; and, optional, output, iterations, size, ...",
            show_default=False,
        ),
    ] = None,
    server: options.Servers = [contract.DEFAULT_SERVER],  # noqa: B006
    model: options.ModelDir = None,
    name: options.Name = contract.DEFAULT_MODEL,
    version: options.Version = None,
    iterations: Annotated[int, typer.Option(min=1, help="Updates of a picture.")] = contract.DEFAULT_ITERATIONS,
    size: Annotated[
        int, typer.Option(min=0, help="Longest side of all pictures in pixels; 0 keeps theirs.")
    ] = contract.DEFAULT_SIZE,
    content_weight: options.ContentWeight = None,
    style_weight: options.StyleWeight = None,
    tv_weight: options.TvWeight = None,
    learning_rate: options.LearningRate = None,
    in_flight: Annotated[
        int | None,
        typer.Option(min=1, help="Pictures at a time.", show_default=f"{IN_FLIGHT_PER_SERVER} for each server"),
    ] = None,
    deadline: options.Deadline = None,
    tls: options.Tls = False,
    ca: options.Ca = None,
    cert: options.Cert = None,
    key: options.Key = None,
    quiet: options.Quiet = False,
    as_json: options.AsJson = False,
) -> None:
    """Repaints every content in the manner of every style, and prints the paths of an overview and a page.

    A batch that was stopped or killed goes on with the same command, and does nothing twice.
    """
    from nst_client.batch.files import batch_pairs, run_batch
    from nst_client.calls.inputs import Numbers
    from nst_client.commands.connection import connect
    from nst_client.display.displays import display_kind
    from nst_client.jobs.settings import Settings

    options.check_model_or_server(context)
    if (manifest is None) == (not content and not style):
        raise typer.BadParameter("Pass --content and --style, or --manifest alone.")
    settings = Settings(iterations, size, Numbers(content_weight, style_weight, tv_weight, learning_rate))
    pairs = batch_pairs(content, style, manifest, output, settings)
    with connect(
        server, model_dir=model, model=name, version=version, tls=tls, authority=ca, certificate=cert, key=key
    ) as client:
        report, error = run_batch(
            pairs,
            output,
            client=client,
            model=name if model is None else str(model.resolve()),
            version=version,
            display_kind=display_kind(quiet, as_json, sys.stderr.isatty()),
            in_flight=in_flight or IN_FLIGHT_PER_SERVER * client.servers,
            deadline_seconds=deadline,
        )
    if not as_json:
        _summarise(report, quiet=quiet)
    paths = [report["contact_sheet"], report["page"]]
    if as_json or any(paths):
        typer.echo(json.dumps(report) if as_json else "\n".join(filter(None, paths)))
    if error is not None:
        raise error
    if report["failed"]:
        raise typer.Exit(1)


def _summarise(report: dict[str, Any], *, quiet: bool) -> None:
    """How much is done, and always what is not."""
    from nst_client.display.words import printable

    words = f"{report['done']} of {report['pictures']} pictures are done"
    before = f", {report['done_before']} of them before" if report["done_before"] else ""
    if not quiet:
        typer.echo(f"{words}{before}.", err=True)
    for failure in report["failed"]:
        typer.echo(printable(f"Failed: {failure['output']}: {failure['reason']}"), err=True)
