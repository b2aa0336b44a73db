"""`nst versions`: which versions of a model there are, and which of them is served under which label."""

from __future__ import annotations

import functools
import importlib
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from nst_client.commands.connection import Calls, Connection, calls_of, connection_options
from nst_client.commands.options import AsJson
from nst_client.commands.paper import standard_output

toolkit = functools.partial(importlib.import_module, package="nst_export.toolkit")  # not to be imported here

LIST = "list"
TIMEOUT_SECONDS = 300.0  # as long as a server of ours tries to load a version
LABELS_FIRST = "--allow_version_labels_for_unavailable_models=true"


class ListsByDefault(TyperGroup):
    """Lists where a folder stands in the place of a command: a folder called like one is named `./promote`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Puts the command in front that was left out."""
        known = {*self.commands, *self.get_help_option_names(ctx)}
        return super().parse_args(ctx, [LIST, *args] if args and args[0] not in known else args)


versions = typer.Typer(
    cls=ListsByDefault,
    no_args_is_help=True,
    help="Lists the versions of a model, and says which of them a server has under which label.\n\n"
    "`nst versions MODEL_DIR` is short for `nst versions list MODEL_DIR`.",
)

ModelDir = Annotated[Path, typer.Argument(metavar="MODEL_DIR", help="The model's folder.")]
CONFIG = typer.Option("--config", metavar="FILE", help="The servers' models.config.", show_default=False)
Config = Annotated[Path, CONFIG]
MaybeConfig = Annotated[Path | None, CONFIG]
Version = Annotated[int, typer.Argument(metavar="VERSION", help="Its number.")]
Timeout = Annotated[float, typer.Option(min=1, help="Seconds for all of it, most of them to load the version.")]
Server = Annotated[
    list[str] | None,
    typer.Option(
        help="HOST:PORT of a server's gRPC port; may be given several times.",
        envvar="NST_SERVER",
        show_default="none",
        rich_help_panel="Where the model is",
    ),
]

called = functools.partial(connection_options, without=("server", "model_dir", "version", "label"))


@versions.command(LIST)
@called
def list_versions(
    model_dir: ModelDir,
    *,
    config: MaybeConfig = None,
    server: Server = None,
    as_json: AsJson = False,
    connection: Connection,
) -> None:
    """Shows every version with its age, size, weights and recipe, its labels, and its state on servers.

    A server does not tell its labels: it is asked for stable, previous, canary and those that --config has.
    """
    rows = toolkit(".version_rows")
    with calls_of_all(connection, server) as calls:
        labels = {} if config is None else rows.configured_model(config, connection.model_name).version_labels
        found = rows.version_rows(model_dir, connection.model_name, labels, calls)
    if as_json:
        typer.echo(json.dumps(importlib.import_module("nst_export.saved_model.model_card").json_value(found)))
        return
    screen, now = toolkit(".version_screen").version_screen, datetime.now(timezone.utc)
    typer.echo(screen(model_dir.resolve().name, found, now, **standard_output()._asdict()))


@versions.command()
@called
def promote(
    model_dir: ModelDir,
    version: Version,
    *,
    config: Config,
    server: Server = None,
    timeout: Timeout = TIMEOUT_SECONDS,
    connection: Connection,
) -> None:
    """Has the servers load a version, waits for it, and moves the label stable to it.

    The version that was stable gets the label previous. Callers of stable are answered all the time; those that name
    neither label nor version get the newest that is loaded.
    """
    with _place(model_dir, config, server, timeout, connection) as place:
        _show_labels(place, toolkit(".labelling").promote(place, version))


@versions.command()
@called
def rollback(
    model_dir: ModelDir,
    *,
    config: Config,
    server: Server = None,
    timeout: Timeout = TIMEOUT_SECONDS,
    connection: Connection,
) -> None:
    """Moves the label stable to the version that has the label previous, and previous to the one that was stable."""
    with _place(model_dir, config, server, timeout, connection) as place:
        _show_labels(place, toolkit(".labelling").roll_back(place))


@versions.command()
@called
def label(
    model_dir: ModelDir,
    name: Annotated[str, typer.Argument(metavar="LABEL", help="Such as canary.")],
    version: Annotated[int | None, typer.Argument(metavar="[VERSION]", help="Its number.", show_default=False)] = None,
    *,
    remove: Annotated[bool, typer.Option("--remove", help="Take the label away.")] = False,
    config: Config,
    server: Server = None,
    timeout: Timeout = TIMEOUT_SECONDS,
    connection: Connection,
) -> None:
    """Has the servers load a version, waits for it, and gives it a label.

    A version that loses its last label is unloaded.
    """
    if (version is None) != remove:
        raise typer.BadParameter("name either a VERSION or --remove.")
    with _place(model_dir, config, server, timeout, connection) as place:
        _show_labels(place, toolkit(".labelling").set_labels(place, {name: version}))


@versions.command()
@called
def prune(
    model_dir: ModelDir,
    *,
    keep: Annotated[int, typer.Option(min=1, help="So many of the newest versions stay.")],
    yes: Annotated[bool, typer.Option("--yes", help="Delete them; else it only says which would go.")] = False,
    config: MaybeConfig = None,
    server: Server = None,
    connection: Connection,
) -> None:
    """Deletes old versions: whole ones, none that a server has loaded, and none that the configuration names."""
    if config is None and not server:
        raise typer.BadParameter("name the servers with --server, or their --config: what is served is kept.")
    rows, pruning = toolkit(".version_rows"), toolkit(".pruning")
    with calls_of_all(connection, server) as calls:
        entry = None if config is None else rows.configured_model(config, connection.model_name)
        labels = {} if entry is None else entry.version_labels
        found = rows.version_rows(model_dir, connection.model_name, labels, calls)
    for row, reason in pruning.verdicts(found, keep, entry):
        if reason:
            typer.echo(f"Version {row.version} stays: it {reason.rstrip('.')}.")
            continue
        if yes:
            pruning.delete_version(Path(row.folder))
        typer.echo(f"Version {row.version} {'is deleted' if yes else 'would be deleted; --yes does it'}.")


@contextmanager
def _place(
    model_dir: Path, config: Path, servers: list[str] | None, timeout: float, connection: Connection
) -> Iterator[Any]:
    with calls_of_all(connection, servers) as calls:
        note = functools.partial(typer.echo, err=True)
        yield toolkit(".labelling").Place(model_dir, connection.model_name, config, calls, timeout, note)


def _show_labels(place: Any, entry: Any) -> None:
    for name, version in sorted(entry.version_labels.items()):
        typer.echo(f"{name}: version {version}")
    if not place.servers:
        place.note(f"No server was told. One that starts with {place.config} needs the flag {LABELS_FIRST}.")


@contextmanager
def calls_of_all(connection: Connection, servers: list[str] | None) -> Iterator[Mapping[str, Calls]]:
    """Single calls of each server, by its address."""
    with ExitStack() as stack:
        yield {address: stack.enter_context(calls_of(connection, address)) for address in servers or ()}
