"""`nst export`: options in, one call, one line out."""

from __future__ import annotations

import logging
import math
from pathlib import Path
from typing import Annotated

import typer

from nst_export.quiet_import import import_tensorflow
from nst_export.saved_model.version_folder import LARGEST_VERSION
from nst_graph.choices import Pooling, PrecisionOrAuto, PresetName
from nst_graph.execution import Execution
from nst_graph.limits import LEAST_TILE_PIXELS, Limits

LIMITS = Limits()
INT32_MAX = 2**31 - 1  # the type of `iterations`, and of sizes in the graph


def export(
    model_dir: Annotated[Path, typer.Argument(help="The model's folder; a version folder appears in it.")],
    weights: Annotated[
        str, typer.Option(help="VGG19's weights: imagenet, trained, a Keras FILE, random:SEED, or auto.")
    ] = "imagenet",
    preset: Annotated[
        PresetName | None, typer.Option(help="The only recipe.", show_default="all that the pooling can serve")
    ] = None,
    pooling: Annotated[Pooling | None, typer.Option(help="In place of the preset's own.", show_default="max")] = None,
    precision: Annotated[
        PrecisionOrAuto,
        typer.Option(
            help="Of the network; the rest stays float32. auto: bfloat16 where this processor multiplies in it."
        ),
    ] = "float32",
    max_pixels: Annotated[
        int, typer.Option(min=32 * 32, max=INT32_MAX, help="Largest picture accepted, height x width in pixels.")
    ] = LIMITS.max_pixels,
    tile_pixels: Annotated[
        int,
        typer.Option(
            min=LEAST_TILE_PIXELS,
            max=INT32_MAX,
            help="Compute a larger picture in tiles of at most so many pixels: less memory, more time.",
        ),
    ] = LIMITS.tile_pixels,
    max_iterations: Annotated[
        int, typer.Option(min=1, max=INT32_MAX, help="Most iterations a call may ask for.")
    ] = LIMITS.max_iterations,
    exclusive: Annotated[
        bool, typer.Option("--exclusive", help="One optimisation at a time on a device; the others wait in line.")
    ] = False,
    max_seconds: Annotated[
        float | None,
        typer.Option(
            help="End a call that has run for so many seconds, with the picture so far.", show_default="no bound"
        ),
    ] = None,
    xla: Annotated[
        bool,
        typer.Option("--xla", help="Add signatures compiled by XLA, for a server started with XLA: stylize_xla, ..."),
    ] = False,
    version: Annotated[
        int | None,
        typer.Option(min=1, max=LARGEST_VERSION, help="The version's number.", show_default="the next free one"),
    ] = None,
) -> None:
    """Writes a SavedModel that TensorFlow Serving can run, and prints its folder."""
    if max_seconds is not None and not 0 < max_seconds < math.inf:
        raise typer.BadParameter(f"{max_seconds:g} is not a time above 0.", param_hint="--max-seconds")
    logging.basicConfig(format="%(message)s")
    import_tensorflow()
    from nst_export.export import export_version

    folder = export_version(
        model_dir,
        weights=weights,
        preset_name=preset,
        pooling=pooling,
        precision=precision,
        limits=Limits(max_pixels, max_iterations, tile_pixels),
        execution=Execution(exclusive, max_seconds, xla),
        version=version,
    )
    typer.echo(folder)
