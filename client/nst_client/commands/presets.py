"""`nst presets`: the recipes that a model holds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import typer

from nst_client.commands.connection import Connection, connection_options
from nst_client.commands.options import AsJson

COLUMNS = ("preset", "optimizer", "rate", "style loss", "content", "style", "tv", "sizes", "iterations", "source")


@connection_options
def presets(*, as_json: AsJson = False, connection: Connection) -> None:
    """Shows the presets that a model holds, with their numbers and sources; the first one is the default."""
    from rich.console import Console
    from rich.table import Table

    from nst_client.commands.connection import connect
    from nst_client.errors import BadAnswer

    with connect(connection) as client:
        rows = client.describe().get("presets")
    if not isinstance(rows, dict):
        raise BadAnswer("This model is of before there were presets.", "Write a new version with `nst export`.")
    if as_json:
        typer.echo(json.dumps(rows))
        return
    table = Table(*COLUMNS, box=None, pad_edge=False)
    for name, preset in rows.items():
        table.add_row(*row_of(name, preset))
    Console().print(table)


def row_of(name: str, preset: Mapping[str, Any]) -> list[str]:
    """A preset as the cells of `COLUMNS`.

    Args:
        name: its name.
        preset: `nst_graph.presets.Preset` as JSON.
    """
    optimizer, plan = preset["optimizer"], preset["plan"]
    rate = preset["adam"]["learning_rate"] if optimizer == "adam" else preset[f"{optimizer}_rate"]
    weights = [f"{preset[f'{which}_weight']:g}" for which in ("content", "style", "tv")]
    sizes, iterations = "", str(preset["iterations"])
    if plan["ratio"]:
        sizes = f"{plan['smallest']} and up, times {plan['ratio']:.3g}"
    elif plan["sizes"]:
        sizes = f"{', '.join(map(str, plan['sizes']))}, then the content's"
    if sizes:
        iterations = f"{plan['first']}, then {plan['later']} each"
    shown = sizes or "the content's"
    return [name, optimizer, f"{rate:g}", preset["style_loss"], *weights, shown, iterations, preset["source"]]
