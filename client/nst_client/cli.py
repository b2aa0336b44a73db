"""The command `nst`: parse, call, print, exit code. Nothing is computed here."""

from __future__ import annotations

import importlib
import json
import logging
import os
import sys
import warnings
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from nst_client import contract
from nst_client.commands import options
from nst_client.commands.batch import batch
from nst_client.commands.stylize import stylize
from nst_client.commands.unquoted import TakesSeveral
from nst_client.display.streams import TolerantStream

LOG = logging.getLogger(__name__)

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Neural style transfer: export the whole optimisation as a SavedModel, serve it, call it.",
)


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error comes from.")] = False,
) -> None:
    logging.basicConfig(format="%(message)s")
    LOG.setLevel(logging.DEBUG if debug else logging.INFO)
    warnings.showwarning = _say_warning


app.command()(stylize)
app.command(cls=TakesSeveral)(batch)


@app.command()
def status(
    server: options.Server = contract.DEFAULT_SERVER,
    name: options.Name = contract.DEFAULT_MODEL,
    wait: Annotated[float, typer.Option(min=0, help="Wait so many seconds for an available version.")] = 0.0,
    tls: options.Tls = False,
    ca: options.Ca = None,
    cert: options.Cert = None,
    key: options.Key = None,
    as_json: options.AsJson = False,
) -> None:
    """Shows the versions of a served model and their states; fails if none is available."""
    from nst_client.commands.connection import connect

    with connect(server, model=name, tls=tls, authority=ca, certificate=cert, key=key) as client:
        versions = client.wait_until_available(wait)
    if as_json:
        typer.echo(json.dumps([entry._asdict() for entry in versions]))
    else:
        for entry in versions:
            typer.echo(" ".join([name, f"version {entry.version}", entry.state, entry.error]).rstrip())


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where pictures and model go.")] = Path("demo"),
    weights: Annotated[str, typer.Option(help="VGG19's weights, as for `nst export`.")] = "trained",
    iterations: Annotated[int, typer.Option(min=1, help="Updates of the picture.")] = 150,
    size: Annotated[int, typer.Option(min=32, help="Longest side in pixels.")] = 384,
) -> None:
    """Exports a model, serves it, stylises a sample pair over gRPC, and prints the pictures' paths."""
    from nst_client.demo.run import run_demo

    for path in run_demo(folder, weights=weights, iterations=iterations, size=size):
        typer.echo(path)


# These belong to packages that the client must not import. They are only named: their modules load
# typer alone, and TensorFlow when the command runs.
for _command, _module in {"export": "nst_export.cli", "serve": "nst_serving.cli"}.items():
    app.command(_command)(getattr(importlib.import_module(_module), _command))


def main() -> None:
    """Runs the command line. An error becomes one line on what happened and one on what to do."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed: its number must not become that of the next file, either
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115  (to the end of the process)
    sys.stderr = TolerantStream(sys.stderr)
    try:
        app(prog_name="nst")
    except Exception as error:  # whatever it is, a person must be able to read it
        LOG.debug("Where the error comes from:", exc_info=True)
        _explain(error)
        sys.exit(1)


def _say_warning(  # what Python itself calls for a warning, which would show our source code
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    del category, filename, lineno, file, line
    from nst_client.display.words import printable

    typer.echo(printable(f"Warning: {message}"), err=True)


def _explain(error: Any) -> None:
    from nst_client.display.words import printable

    remedy = getattr(error, "remedy", "This is a defect of nst-serving: run `nst --debug ...` and report it.")
    message = "\n".join(map(printable, f"{type(error).__name__}: {error}".splitlines()))
    typer.secho(message, fg=typer.colors.RED, err=True)
    typer.echo(printable(remedy), err=True)
