"""From a run's checkpoint to the file that ships: folded, rescaled, int8."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np

Layers = Mapping[str, tuple[np.ndarray, np.ndarray]]  # kernel float32[3, 3, in, out], bias float32[out], front to back


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


def write_arrays(file: Path, arrays: Mapping[str, np.ndarray]) -> str:
    """Writes an .npz whose bytes depend on `arrays` alone, whole or not at all, and returns its SHA-256."""
    content = io.BytesIO()
    np.savez_compressed(content, allow_pickle=False, **arrays)
    part = file.with_name(f"{file.name}.part")
    part.write_bytes(content.getvalue())
    part.replace(file)
    return hashlib.sha256(content.getvalue()).hexdigest()
