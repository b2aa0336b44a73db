"""What all rows compute, as files in a folder: pictures, weights, the recipe's numbers, and our models."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np

from nst_export.export import DEFAULT_POOLING, export_version
from nst_export.toolkit.cost import iteration_flops
from nst_export.toolkit.sample_inputs import sample_picture
from nst_export.weights import WeightsRecord, fill_weights
from nst_graph.choices import Precision, PresetName
from nst_graph.execution import Execution
from nst_graph.limits import DEFAULT_LIMITS
from nst_graph.presets import PRESETS, STYLE_LAYERS
from nst_graph.style_transfer import network_for
from nst_graph.vgg19 import BLOCKS, IMAGENET_MEAN_BGR

# Gram matrices and Adam: what the loops that people write have in common.
PRESET: PresetName = "eager"


class Task(NamedTuple):
    """What was written."""

    folder: Path
    weights: WeightsRecord
    flops_per_pixel: float  # of an iteration's convolutions


def write_task(folder: Path, *, weights: str, sizes: Iterable[int], precisions: Iterable[Precision], xla: bool) -> Task:
    """Writes everything that the rows read.

    Args:
        folder: there, and empty.
        weights: as for `nst export`.
        sizes: sides of the square pictures, in pixels.
        precisions: of our models.
        xla: whether these have signatures that XLA compiles.

    Raises:
        ExportError: the weights are not to be had, or nothing can be written.
    """
    preset = PRESETS[PRESET]
    network = network_for({PRESET: preset}, pooling=preset.pooling or DEFAULT_POOLING)
    record = fill_weights(network, weights)
    np.savez(folder / "weights.npz", **_arrays(network))
    (folder / "recipe.json").write_text(json.dumps(_recipe()), encoding="utf-8")
    for size in sizes:
        pictures: dict[str, Any] = {name: sample_picture(name, size, size) for name in PICTURES}
        np.savez(_pictures_file(folder, size), **pictures)
    limits = DEFAULT_LIMITS._replace(max_pixels=max(DEFAULT_LIMITS.max_pixels, *(size * size for size in sizes)))
    for precision in precisions:
        export_version(
            model_dir(folder, precision),
            weights=weights,
            preset_name=PRESET,
            precision=precision,
            limits=limits,
            execution=Execution(xla=xla),
        )
    shapes = {variable.path: tuple(variable.shape) for variable in network.variables}
    return Task(folder, record, iteration_flops(shapes))


PICTURES = ("content", "style")


def pictures_of(folder: Path, size: int) -> dict[str, np.ndarray]:
    """`content` and `style`, uint8[size, size, 3]."""
    with np.load(_pictures_file(folder, size)) as arrays:
        return dict(arrays)


def model_dir(folder: Path, precision: str) -> Path:
    """Of our model in this precision."""
    return folder / precision


def _pictures_file(folder: Path, size: int) -> Path:
    return folder / f"pictures-{size}.npz"


def _arrays(network: keras.Model) -> dict[str, Any]:
    """Kernel float32[3, 3, in, out] and bias float32[out] of each layer."""
    names = ("kernel", "bias")
    return {
        f"{layer.name}/{name}": array
        for layer in network.layers
        if layer.weights
        for name, array in zip(names, layer.get_weights(), strict=True)
    }


def _recipe() -> dict[str, Any]:
    """The numbers of the preset, for programs that do not know this one."""
    preset = PRESETS[PRESET]
    settings = preset.adam
    return {
        "blocks": [
            [f"block{block}_conv{index}" for index in range(1, depth + 1)] for block, (depth, _) in enumerate(BLOCKS, 1)
        ],
        "means": IMAGENET_MEAN_BGR,
        "content_layers": dict(preset.content_layers),
        "content_weight": preset.content_weight,
        "style_layers": dict(zip(STYLE_LAYERS, preset.style_layer_weights, strict=True)),
        "style_weight": preset.style_weight,
        "adam": {name: getattr(settings, name) for name in ("learning_rate", "beta_1", "beta_2", "epsilon")},
    }
