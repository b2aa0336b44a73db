"""The command `nst`: parse, call, print, exit code. Nothing is computed here."""

from __future__ import annotations

import atexit
import gc
import importlib
import logging
import os
import sys
import warnings
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from nst_client.commands.batch import batch
from nst_client.commands.bench import bench
from nst_client.commands.copy import copy
from nst_client.commands.demo import demo
from nst_client.commands.diff import diff
from nst_client.commands.doctor import doctor
from nst_client.commands.inspect import inspect
from nst_client.commands.presets import presets
from nst_client.commands.run import run
from nst_client.commands.status import status
from nst_client.commands.stylize import stylize
from nst_client.commands.unquoted import TakesSeveral
from nst_client.commands.verify import verify
from nst_client.commands.versions import versions
from nst_client.display.streams import ResultStream, TolerantStream

LOG = logging.getLogger(__name__)

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Neural style transfer: export the whole optimisation as a SavedModel, serve it, call it.",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        # One version for all packages: it stands in one that the client must not import.
        typer.echo(f"nst {importlib.import_module('nst_graph').__version__}")
        raise typer.Exit


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error comes from.")] = False,
    version: Annotated[  # noqa: ARG001  (its callback has done all)
        bool, typer.Option("--version", help="Print the version of nst.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    logging.basicConfig(format="%(message)s")
    LOG.setLevel(logging.DEBUG if debug else logging.INFO)
    warnings.showwarning = _say_warning


app.command()(stylize)
app.command(cls=TakesSeveral)(batch)
app.command()(presets)
app.command()(status)
app.command()(demo)
app.command()(inspect)
app.command()(verify)
app.command()(copy)
app.command()(run)
app.command()(diff)
app.add_typer(versions, name="versions")
app.command()(doctor)
app.command()(bench)

# These belong to packages that the client must not import. They are only named: their modules load
# typer alone, and TensorFlow when the command runs.
for _name, _module in {"export": "nst_export.cli", "serve": "nst_serving.cli"}.items():
    app.command()(getattr(importlib.import_module(_module), _name))


def main() -> None:
    """Runs the command line. An error becomes one line on what happened and one on what to do."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed: its number must not become that of the next file, either
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115  (to the end of the process)
    # Modules live until the end. Python would look through them for what can be freed, and once more at the exit, when
    # all of it is: of a command's time outside the server these are 0.04 s.
    gc.freeze()
    atexit.register(gc.freeze)
    sys.stderr = TolerantStream(sys.stderr)
    sys.stdout = ResultStream(sys.stdout, fallback=sys.stderr)
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
