"""`nst stylize`: options in, one run, one line out."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nst_client import contract
from nst_client.commands.connection import Connection, connection_options
from nst_client.commands.options import (
    DEFAULT_ITERATIONS,
    AsJson,
    Deadline,
    Masks,
    Quiet,
    Strength,
    StyleMasks,
    picture_to_start_from,
    run_options,
)

if TYPE_CHECKING:
    from nst_client.jobs.job import Job
    from nst_client.jobs.settings import Settings
    from nst_client.jobs.state_file import SavedRun

FILE: dict[str, Any] = {"metavar": "FILE", "show_default": False}


@connection_options
@run_options
def stylize(
    content: Annotated[Path, typer.Argument(metavar="CONTENT", help="The picture to repaint.")],
    style: Annotated[
        list[Path], typer.Argument(metavar="STYLE", help="The picture in whose manner to repaint it, or several.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where to write: .png, .jpg, .webp or .tif.")],
    *,
    iterations: Annotated[
        int | None, typer.Option(help="Updates of the picture.", show_default=DEFAULT_ITERATIONS)
    ] = None,
    size: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Longest side of all pictures in pixels; 0 keeps theirs.",
            show_default=str(contract.DEFAULT_SIZE),
        ),
    ] = None,
    options: contract.Options,
    mask: Masks = [],  # noqa: B006  (typer never changes it)
    style_mask: StyleMasks = [],  # noqa: B006
    strength: Strength = None,
    preview: Annotated[
        Path | None, typer.Option(help="The picture so far, rewritten after every call.", **FILE)
    ] = None,
    save_every: Annotated[
        int | None,
        typer.Option(
            min=1, help="Keep the picture after every so many iterations: OUTPUT-0025.png.", show_default=False
        ),
    ] = None,
    gif: Annotated[Path | None, typer.Option(help="The run as an animation.", **FILE)] = None,
    strip: Annotated[Path | None, typer.Option(help="The run as pictures side by side.", **FILE)] = None,
    loss_plot: Annotated[Path | None, typer.Option(help="The curves of the losses.", **FILE)] = None,
    losses: Annotated[Path | None, typer.Option(help="The losses as a .csv table.", **FILE)] = None,
    resume: Annotated[
        Path | None, typer.Option(help="Go on with a run that was saved in this .nst file.", **FILE)
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Save the run here, and keep it at the end.",
            show_default="OUTPUT.nst, deleted at the end",
        ),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show what would be sent and what it costs, and run nothing.")
    ] = False,
    deadline: Deadline = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
    connection: Connection,
) -> None:
    """Repaints a picture in the manner of another one, or of several, on a server, and prints the new file's path.

    Ctrl-C stops it with the picture so far, and saves the run. It outlives the loss of its server.
    """
    from nst_client.commands.connection import connect
    from nst_client.display.displays import display_kind
    from nst_client.files.pictures import check_writable
    from nst_client.jobs.job import Job, Sources
    from nst_client.jobs.job_run import KEPT
    from nst_client.jobs.result import state_file_of
    from nst_client.jobs.state_file import read_state
    from nst_client.stylize.files import Files
    from nst_client.stylize.run import StylizeRun
    from nst_client.stylize.side_files import SideFiles

    if explain and resume is not None:
        raise typer.BadParameter("--explain is about a new run: leave --resume out.")
    check_writable(output)  # a folder's name has no place for another suffix
    resumed = None if resume is None else read_state(resume)
    options, init = picture_to_start_from(options)
    settings = _settings(resume, resumed, iterations, size, options)
    sources = Sources(content, tuple(style), tuple(mask), tuple(style_mask), strength, init)
    if explain:
        _explain(Job(sources, output, settings), connection, as_json=as_json)
        return
    side = SideFiles(preview, save_every, gif, strip, loss_plot, losses)
    saved = state or state_file_of(output)
    goes_on = resume is not None and saved.exists() and saved.samefile(resume)
    keep = state is not None or (resumed is not None and goes_on and bool(resumed.settings.get(KEPT)))
    files = Files(sources, output, saved, keep, resume, side)
    with connect(connection) as client:
        run = StylizeRun(files, settings, client, resumed=resumed, command_to_resume=_command_to_resume)
        report = run.run(display_kind(quiet, as_json, sys.stderr.isatty()), deadline)
    if not quiet and not as_json:
        _summarise(report, output, transparent=run.transparent)
    typer.echo(json.dumps(report) if as_json else output)


def _explain(job: Job, connection: Connection, *, as_json: bool) -> None:
    from nst_client.commands.connection import connect
    from nst_client.display.explanation import print_explanation
    from nst_client.stylize.explain import explained

    with connect(connection) as client:
        explanation = explained(job, client.describe())
    if as_json:
        typer.echo(json.dumps(explanation))
    else:
        print_explanation(explanation)


def _settings(
    file: Path | None, resumed: SavedRun | None, iterations: int | None, size: int | None, options: contract.Options
) -> Settings:
    """What was asked for; for the rest what a saved run has, or the defaults."""
    from nst_client.errors import StateFileError
    from nst_client.jobs.settings import Settings, settings_of_json

    saved = Settings(None, contract.DEFAULT_SIZE)
    if resumed is not None:
        try:
            saved = settings_of_json(resumed.settings)
        except ValueError as error:
            raise StateFileError(f"{file} holds no settings of `nst stylize`.", "Pass a file that it saved.") from error
    iterations = saved.iterations if iterations is None else iterations
    size = saved.size if size is None else size
    return Settings(iterations, size, saved.options).with_options(options)


def _command_to_resume(state: Path) -> str:
    """The command as it was typed, with another --resume."""
    words = iter(sys.argv[1:])
    kept = [word for word in words if not (word == "--resume" and next(words)) and not word.startswith("--resume=")]
    end = kept.index("--") if "--" in kept else len(kept)  # behind it nothing is an option
    return shlex.join(["nst", *kept[:end], "--resume", str(state), *kept[end:]])


def _summarise(report: dict[str, Any], output: Path, *, transparent: bool) -> None:
    if transparent and output.suffix.lower() in (".jpg", ".jpeg"):
        typer.echo("JPEG keeps no transparency: the picture is opaque.", err=True)
    first, last = (report["losses"][which]["total"] for which in ("first", "last"))
    done, before = report["iterations"], report["iterations_before"]
    words = f"{done} iterations, {done - before} of them" if before else f"{done} iterations"
    typer.echo(f"{words} in {report['seconds']:.1f} s; total loss {first:.4g} to {last:.4g}", err=True)
