"""`nst copy`: a version of a model into another model's folder."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Annotated

import typer

INT64_MAX = 2**63 - 1


def copy(
    source: Annotated[
        Path, typer.Argument(metavar="PATH", help="A version's folder, or a model's, which stands for its newest one.")
    ],
    target: Annotated[Path, typer.Argument(metavar="MODEL_DIR", help="The model's folder that is to have it, too.")],
    *,
    version: Annotated[
        int | None,
        typer.Option(min=1, max=INT64_MAX, help="Its number there.", show_default="the number that it has"),
    ] = None,
) -> None:
    """Copies a version whole or not at all, compares the digests of all files, and prints the new folder.

    A server that watches the folder sees it when it is whole. A copy that is there already is left as it is.
    """
    toolkit = importlib.import_module("nst_export.toolkit.inspection")  # not to be imported here
    copying = importlib.import_module("nst_export.toolkit.copying")
    typer.echo(copying.copy_version(toolkit.version_folder_of(source), target, version))
