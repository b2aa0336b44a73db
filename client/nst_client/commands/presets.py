"""`nst presets`: the recipes that a model holds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import typer

from nst_client.commands.connection import Connection, connection_options
from nst_client.commands.options import AsJson


@connection_options
def presets(*, as_json: AsJson = False, connection: Connection) -> None:
    """Shows the presets that a model holds, with their numbers and sources; the first one is the default."""
    from nst_client.commands.connection import connect
    from nst_client.errors import BadAnswer

    with connect(connection) as client:
        rows = client.describe().get("presets")
    if not isinstance(rows, dict):
        raise BadAnswer("This model is of before there were presets.", "Write a new version with `nst export`.")
    if as_json:
        typer.echo(json.dumps(rows))
        return
    for name, preset in rows.items():
        typer.echo(described(name, preset))


def described(name: str, preset: Mapping[str, Any]) -> str:
    """A preset in three lines: a table of them is wider than most terminals.

    Args:
        name: its name.
        preset: `nst_graph.presets.Preset` as JSON.
    """
    optimizer, plan = preset["optimizer"], preset["plan"]
    rate = preset["adam"]["learning_rate"] if optimizer == "adam" else preset[f"{optimizer}_rate"]
    weights = ", ".join(f"{which} {preset[f'{which}_weight']:g}" for which in ("content", "style", "tv"))
    each = f"{plan['first']} iterations, then {plan['later']} each"
    if plan["ratio"]:
        sizes = f"at up to {plan['levels']} sizes from {plan['smallest']} pixels up, times {plan['ratio']:.3g}: {each}"
    elif plan["sizes"]:
        sizes = f"at {', '.join(map(str, plan['sizes']))} pixels, then the content's: {each}"
    else:
        sizes = f"at the content's size: {preset['iterations']} iterations"
    recipe = f"{optimizer}, rate {rate:g}; style loss {preset['style_loss']}; weights: {weights}"
    return f"{name}: {preset['source']}\n    {recipe}\n    {sizes}"
