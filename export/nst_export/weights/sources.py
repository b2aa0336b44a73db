"""What `--weights` may say: `imagenet`, a file, `trained`, `random:SEED` or `auto`."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import keras

from nst_export.errors import WeightsError
from nst_export.weights.imagenet import fetch_imagenet_weights
from nst_export.weights.keras_file import Arrays, read_keras_file
from nst_export.weights.random_weights import fill_with_random_weights
from nst_export.weights.trained import SHIPPED, Shipped, read_trained_weights

logger = logging.getLogger(__name__)

RANDOM = re.compile(r"random:([0-9]{1,9})")


class WeightsRecord(NamedTuple):
    """What a model card says about the weights."""

    source: str  # imagenet, file:NAME, trained or random:SEED
    sha256: str  # of all kernels and biases, float32, little-endian, front to back
    file_sha256: str | None  # of the file they came from


def fill_weights(
    network: keras.Model,
    source: str,
    *,
    fetch: Callable[[], Path] = fetch_imagenet_weights,
    shipped: Shipped = SHIPPED,
) -> WeightsRecord:
    """Gives `network`, float32, the weights that `source` names, in place.

    Args:
        network: built by `nst_graph.vgg19.vgg19`.
        source: `imagenet`, `trained`, `random:SEED` with a seed of up to nine digits, the path of a Keras
            file, or `auto`: imagenet where it can be had, else trained, and a line that says so.
        fetch: where `imagenet` gets its file.
        shipped: the file of `trained`.

    Raises:
        WeightsError: the source is not to be had or is not VGG19.
    """
    if source == "auto":
        try:
            return fill_weights(network, "imagenet", fetch=fetch)
        except WeightsError as error:
            logger.warning("Using the trained weights that come with nst-serving. %s", error)
            return fill_weights(network, "trained", shipped=shipped)
    if seed := RANDOM.fullmatch(source):
        fill_with_random_weights(network, int(seed[1]))
        return WeightsRecord(source, weights_sha256(network), None)
    if source == "random" or source.startswith("random:"):
        raise WeightsError(f"{source!r} is not a seed.", "Write it as random:0, with up to nine digits.")
    if source == "trained":
        _set_weights(network, read_trained_weights(network, shipped))
        return WeightsRecord(source, weights_sha256(network), shipped.sha256)
    file = fetch() if source == "imagenet" else Path(source)
    _set_weights(network, read_keras_file(file, network))
    label = source if source == "imagenet" else f"file:{file.name}"
    return WeightsRecord(label, weights_sha256(network), hashlib.sha256(file.read_bytes()).hexdigest())


def _set_weights(network: keras.Model, arrays: Arrays) -> None:
    for name, values in arrays.items():
        network.get_layer(name).set_weights(values)


def weights_sha256(network: keras.Model) -> str:
    """A digest of the weights themselves, whatever file or seed they came from."""
    digest = hashlib.sha256()
    for weight in network.weights:
        digest.update(weight.numpy().astype("<f4").tobytes())
    return digest.hexdigest()
