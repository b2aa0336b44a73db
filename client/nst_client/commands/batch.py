"""`nst batch`: many contents in the manner of many styles."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from nst_client import contract
from nst_client.commands.connection import Connection, connection_options
from nst_client.commands.options import DEFAULT_ITERATIONS, AsJson, Deadline, Quiet, picture_to_start_from, run_options

# One run computes while the pictures of the next travel: more would only wait in the server's queue.
IN_FLIGHT_PER_SERVER = 2


@connection_options
@run_options
def batch(
    *,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where the results go.")],
    content: Annotated[list[str], typer.Option("--content", "-c", help="Contents: pictures, folders or globs.")] = [],  # noqa: B006  (typer never changes it)
    style: Annotated[list[str], typer.Option("--style", "-s", help="Styles: pictures, folders or globs.")] = [],  # noqa: B006
    manifest: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="A CSV table in their place: columns content, style; and, optional, style_2, mask, output, size, ...",
            show_default=False,
        ),
    ] = None,
    iterations: Annotated[
        int | None, typer.Option(min=1, help="Updates of a picture.", show_default=DEFAULT_ITERATIONS)
    ] = None,
    size: Annotated[
        int, typer.Option(min=0, help="Longest side of all pictures in pixels; 0 keeps theirs.")
    ] = contract.DEFAULT_SIZE,
    options: contract.Options,
    in_flight: Annotated[
        int | None,
        typer.Option(min=1, help="Pictures at a time.", show_default=f"{IN_FLIGHT_PER_SERVER} for each server"),
    ] = None,
    deadline: Deadline = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
    connection: Connection,
) -> None:
    """Repaints every content in the manner of every style, and prints the paths of an overview and a page.

    A batch that was stopped or killed goes on with the same command, and does nothing twice.
    """
    from nst_client.batch.files import batch_pairs, run_batch
    from nst_client.commands.connection import connect
    from nst_client.display.displays import display_kind
    from nst_client.jobs.settings import Settings

    if (manifest is None) == (not content and not style):
        raise typer.BadParameter("Pass --content and --style, or --manifest alone.")
    if manifest is None and "blend" in options:
        raise typer.BadParameter("--blend is for several styles: name them in a --manifest, as style, style_2, ...")
    options, init = picture_to_start_from(options)
    pairs = batch_pairs(content, style, manifest, output, Settings(iterations, size, options))
    if init is not None:  # for all that the table says nothing else of
        pairs = [
            pair
            if pair.settings.options.get("init") or pair.sources.init is not None
            else pair._replace(sources=pair.sources._replace(init=init))
            for pair in pairs
        ]
    with connect(connection) as client:
        report, error = run_batch(
            pairs,
            output,
            client=client,
            model=connection.model,
            version=connection.version,
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
