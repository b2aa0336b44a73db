"""`nst demo`: the whole way once, on pictures that it draws itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


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
