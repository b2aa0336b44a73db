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
Config = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="The servers' models.config.", show_default=False),
]
Server = Annotated[
    list[str] | None,
    typer.Option(
        help="HOST:PORT of a server's gRPC port; may be given several times.",
        envvar="NST_SERVER",
        show_default="none",
        rich_help_panel="Where the model is",
    ),
]

called = functools.partial(connection_options, without=("server", "model_dir", "version"))


@versions.command(LIST)
@called
def list_versions(
    model_dir: ModelDir,
    *,
    config: Config = None,
    server: Server = None,
    as_json: AsJson = False,
    connection: Connection,
) -> None:
    """Shows every version with its age, size, weights and recipe, its labels, and its state on servers.

    A server does not tell its labels: it is asked for stable, previous, canary and those that --config has.
    """
    rows = toolkit(".version_rows")
    with calls_of_all(connection, server) as calls:
        labels = {} if config is None else rows.configured_labels(config, connection.model_name)
        found = rows.version_rows(model_dir, connection.model_name, labels, calls)
    if as_json:
        typer.echo(json.dumps(importlib.import_module("nst_export.saved_model.model_card").json_value(found)))
        return
    screen, now = toolkit(".version_screen").version_screen, datetime.now(timezone.utc)
    typer.echo(screen(model_dir.resolve().name, found, now, **standard_output()._asdict()))


@contextmanager
def calls_of_all(connection: Connection, servers: list[str] | None) -> Iterator[Mapping[str, Calls]]:
    """Single calls of each server, by its address."""
    with ExitStack() as stack:
        yield {address: stack.enter_context(calls_of(connection, address)) for address in servers or ()}
