"""The weights that come with this package: VGG19 trained here, int8, so that no network is needed."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

from nst_export.errors import WeightsError
from nst_export.weights.keras_file import Arrays

REMEDY = "Install nst-serving again, or use --weights imagenet, a Keras file of VGG19, or random:0."


class Shipped(NamedTuple):
    """A file, and the digest that it must have."""

    file: Path
    sha256: str  # hexadecimal


SHIPPED = Shipped(
    Path(__file__).with_name("trained.npz"),
    "454628375d2bf6ddbc1227bcbd6c7a78616570a02f979a71376fb736154e7c44",
)


def read_trained_weights(network: keras.Model, shipped: Shipped = SHIPPED) -> Arrays:
    """Kernel float32[3, 3, in, out] and bias float32[out] of every convolution of `network`, by layer name.

    The file holds, for each layer, `LAYER/kernel` int8[3, 3, in, out], `LAYER/scale` float32[out] that its values are
    multiplied by, and `LAYER/bias` float32[out].

    Raises:
        WeightsError: the file is missing or damaged, or the network needs a layer that it does not hold.
    """
    arrays = _read(shipped)
    layers = {}
    for layer in network.layers:
        if not layer.weights:
            continue
        if f"{layer.name}/kernel" not in arrays:
            raise WeightsError(f"The trained weights have no layer {layer.name}.", "Use --weights imagenet.")
        kernel = arrays[f"{layer.name}/kernel"] * arrays[f"{layer.name}/scale"]
        layers[layer.name] = [kernel, arrays[f"{layer.name}/bias"]]
        shapes, wanted = ([tuple(value.shape) for value in values] for values in (layers[layer.name], layer.weights))
        if shapes != wanted:
            raise WeightsError(f"The trained weights do not fit: {layer.name} has {shapes}, not {wanted}.", REMEDY)
    return layers


def _read(shipped: Shipped) -> dict[str, np.ndarray]:
    """All arrays, after the digest: bytes that are not ours are not parsed."""
    try:
        content = shipped.file.read_bytes()
    except OSError as error:
        raise WeightsError(f"The trained weights cannot be read: {error}.", REMEDY) from error
    found = hashlib.sha256(content).hexdigest()
    if found != shipped.sha256:
        what = f"{shipped.file} is damaged: its SHA-256 is {found}, not {shipped.sha256}."
        raise WeightsError(what, REMEDY)
    with np.load(io.BytesIO(content)) as arrays:
        return dict(arrays)
