"""VGG19's weights out of a file that Keras wrote."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np

from nst_export.errors import WeightsError

Arrays = Mapping[str, list[np.ndarray]]  # kernel and bias by layer name

REMEDY = "Pass a VGG19 file written by Keras (.h5, .weights.h5 or .keras), or use --weights random:0."


def read_keras_file(file: Path, network: keras.Model) -> Arrays:
    """Kernel and bias of every convolution of `network`, by layer name.

    Reads what Keras writes: weights or whole models in HDF5 as Keras 1 and 2 had it (the published
    files are of this kind), `.weights.h5` and `.keras`. A file with the classifier serves too.

    Raises:
        WeightsError: no such file, not a Keras file, truncated, or of another network.
    """
    if not file.is_file():
        raise WeightsError(f"There is no weights file at {file}.", REMEDY)
    try:
        arrays = _whole_model(file) if file.suffix == ".keras" else _hdf5(file)
    except (OSError, KeyError, ValueError, RuntimeError, TypeError) as error:
        raise WeightsError(f"{file} cannot be read as a Keras weights file: {error}.", REMEDY) from error
    _check_is_vgg19(file, arrays, network)
    return arrays


def _whole_model(file: Path) -> Arrays:
    return _arrays_of(keras.saving.load_model(file, compile=False))


def _arrays_of(model: keras.Model) -> Arrays:
    return {layer.name: layer.get_weights() for layer in model.layers if layer.weights}


def _hdf5(file: Path) -> Arrays:
    with h5py.File(file) as content:
        if "layers" in content:  # Keras 3 numbers the layers instead of naming them
            return _numbered(file)
        group: Any = content["model_weights"] if "model_weights" in content else content
        layers = {_text(name): group[_text(name)] for name in group.attrs["layer_names"]}
        return {
            name: [np.asarray(layer[_text(weight)]) for weight in layer.attrs["weight_names"]]
            for name, layer in layers.items()
            if len(layer.attrs["weight_names"])
        }


def _numbered(file: Path) -> Arrays:
    model = keras.applications.VGG19(include_top=False, weights=None)
    model.load_weights(file)
    return _arrays_of(model)


def _text(name: bytes | str) -> str:
    return name.decode() if isinstance(name, bytes) else name


def _check_is_vgg19(file: Path, arrays: Arrays, network: keras.Model) -> None:
    for layer in network.layers:
        if not layer.weights:
            continue
        if layer.name not in arrays:
            raise WeightsError(f"{file} is not VGG19: it has no layer {layer.name}.", REMEDY)
        shapes = [tuple(array.shape) for array in arrays[layer.name]]
        wanted = [tuple(weight.shape) for weight in layer.weights]
        if shapes != wanted:
            raise WeightsError(f"{file} is not VGG19: {layer.name} has shapes {shapes}, not {wanted}.", REMEDY)
        if not all(np.isfinite(array).all() for array in arrays[layer.name]):
            raise WeightsError(f"{file} has weights that are not finite in {layer.name}.", REMEDY)
