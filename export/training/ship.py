"""From a run's checkpoint to the file that ships: folded, rescaled, int8."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np

# How strong VGG19's own features are on a photograph: the mean entry of the Gram matrix, averaged over positions, as
# TensorFlow's tutorial "Neural style transfer" prints it (a labrador, 512 pixels, max pooling; the line "mean" of each
# entry under "Styles:"), and for block5_conv2 the mean activation (under "Contents:"). With these scales the recipes
# with absolute losses balance style and content as they do on ImageNet's weights.
MEAN_GRAM_ENTRY = {
    "block1_conv1": 263.79,
    "block2_conv1": 9100.9,
    "block3_conv1": 7661.0,
    "block4_conv1": 134288.8,
    "block5_conv1": 1487.0,
}
MEAN_ACTIVATION = {"block5_conv2": 13.764}

Layers = Mapping[str, tuple[np.ndarray, np.ndarray]]  # kernel float32[3, 3, in, out], bias float32[out], front to back


def strength(name: str, features: np.ndarray) -> float:
    """By how much features float32[positions, channels] must be multiplied to be as strong as VGG19's own."""
    if name in MEAN_ACTIVATION:
        return float(MEAN_ACTIVATION[name] / features.mean())
    return float(np.sqrt(MEAN_GRAM_ENTRY[name] / np.square(features.mean(1)).mean()))


def between(known: Mapping[str, float], names: list[str]) -> dict[str, float]:
    """A gain for every layer: where none is known, evenly in the logarithm between its neighbours."""
    places = [place for place, name in enumerate(names) if name in known]
    logarithms = [np.log(known[names[place]]) for place in places]
    return {name: float(np.exp(np.interp(place, places, logarithms))) for place, name in enumerate(names)}


def rescaled(layers: Layers, gains: Mapping[str, float]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Layers whose features are `gains` times as strong; ReLU and both poolings pass a positive factor on."""
    result, before = {}, 1.0
    for name, (kernel, bias) in layers.items():
        result[name] = (kernel * (gains[name] / before), bias * gains[name])
        before = gains[name]
    return result


def quantised(layers: Layers) -> dict[str, np.ndarray]:
    """`LAYER/kernel` int8[3, 3, in, out], `LAYER/scale` float32[out] and `LAYER/bias` float32[out]."""
    arrays = {}
    for name, (kernel, bias) in layers.items():
        scale = np.abs(kernel).max((0, 1, 2)) / 127
        scale = np.where(scale > 0, scale, 1)
        arrays[f"{name}/kernel"] = np.round(kernel / scale).astype(np.int8)
        arrays[f"{name}/scale"] = scale.astype("<f4")
        arrays[f"{name}/bias"] = bias.astype("<f4")
    return arrays


def write_arrays(file: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """An .npz whose bytes depend on `arrays` alone, whole or not at all."""
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)  # type: ignore[arg-type]  (numpy's stub takes `allow_pickle` for one)
    part = file.with_name(f"{file.name}.part")
    part.write_bytes(content.getvalue())
    part.replace(file)
