"""`nst status`: which versions of a model a server has."""

from __future__ import annotations

import functools
import json
from typing import Annotated

import typer

from nst_client.commands.connection import Connection, connection_options
from nst_client.commands.options import AsJson


@functools.partial(connection_options, without=("label",))  # a server tells no states by it
def status(
    *,
    wait: Annotated[float, typer.Option(min=0, help="Wait so many seconds for an available version.")] = 0.0,
    as_json: AsJson = False,
    connection: Connection,
) -> None:
    """Shows the versions of a served model and their states; fails if a server has none available."""
    from nst_client.commands.connection import connect

    entries = []
    for address in connection.server:
        with connect(connection._replace(server=[address])) as client:
            entries += [{"server": client.address, **entry._asdict()} for entry in client.wait_until_available(wait)]
    if as_json:
        typer.echo(json.dumps(entries))
        return
    for entry in entries:
        words = [connection.model_name, f"version {entry['version']}", entry["state"], entry["error"]]
        words = [f"{entry['server']}:", *words] if len(connection.server) > 1 else words
        typer.echo(" ".join(words).rstrip())
