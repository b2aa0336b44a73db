"""VGG19's weights out of a file that Keras wrote."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np

from nst_export.errors import WeightsError

Arrays = Mapping[str, list[np.ndarray]]  # float32 kernel and bias by layer name

REMEDY = "Pass a VGG19 file written by Keras (.h5, .weights.h5 or .keras), or use --weights trained."


def read_keras_file(file: Path, network: keras.Model) -> Arrays:
    """Kernel and bias of every convolution of `network`, by layer name.

    Reads what Keras writes: weights or whole models in HDF5 as Keras 1 and 2 had it (the published
    files are of this kind), `.weights.h5` and `.keras`. A file with the classifier serves too.
    Only arrays are read: no code or configuration in a file is run.

    Raises:
        WeightsError: no such file, not a Keras file, truncated, or of another network.
    """
    if not file.is_file():
        raise WeightsError(f"There is no weights file at {file}.", REMEDY)
    try:
        with h5py.File(_hdf5(file)) as content:
            return _checked_arrays(file, content, network)
    except WeightsError:
        raise
    except Exception as error:  # h5py and zipfile raise a dozen kinds for a damaged file
        raise WeightsError(f"{file} cannot be read as a Keras weights file: {error}.", REMEDY) from error


def _hdf5(file: Path) -> Path | io.BytesIO:
    """What h5py is to open; a `.keras` file is a zip archive around a `.weights.h5`."""
    if not zipfile.is_zipfile(file):
        return file
    with zipfile.ZipFile(file) as archive:
        return io.BytesIO(archive.read("model.weights.h5"))


def _checked_arrays(file: Path, content: Any, network: keras.Model) -> Arrays:
    arrays = {}
    for number, layer in enumerate(layer for layer in network.layers if layer.weights):
        datasets = _datasets(content, layer.name, number)
        if datasets is None:
            raise WeightsError(f"{file} is not VGG19: it has no layer {layer.name}.", REMEDY)
        shapes, wanted = ([tuple(value.shape) for value in values] for values in (datasets, layer.weights))
        if shapes != wanted:
            raise WeightsError(f"{file} is not VGG19: {layer.name} has shapes {shapes}, not {wanted}.", REMEDY)
        arrays[layer.name] = [np.asarray(dataset, np.float32) for dataset in datasets]
        if not all(np.isfinite(array).all() for array in arrays[layer.name]):
            raise WeightsError(f"{file} has weights that are not finite in {layer.name}.", REMEDY)
    return arrays


def _datasets(content: Any, name: str, number: int) -> list[Any] | None:
    """Kernel and bias of a convolution, not yet read; none where the file has no such layer."""
    if "layers" in content:  # Keras 3 numbers the layers of a kind instead of naming them
        variables = content.get(f"layers/conv2d_{number}/vars" if number else "layers/conv2d/vars")
        return None if variables is None else [variables[key] for key in sorted(variables, key=int)]
    layer = content.get("model_weights", content).get(name)
    return None if layer is None else [layer[_text(weight)] for weight in layer.attrs["weight_names"]]


def _text(name: bytes | str) -> str:
    return name.decode() if isinstance(name, bytes) else name
