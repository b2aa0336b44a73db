"""A tiny network with seeded weights, and one model on it that holds all presets."""

from __future__ import annotations

import keras
import pytest

from nst_export.weights.random_weights import fill_with_random_weights
from nst_graph.choices import Pooling, Precision
from nst_graph.presets import PRESETS
from nst_graph.style_transfer import StyleTransfer, network_for
from tests.exports import LIMITS, WIDTH_DIVISOR

# Like trained features, large in front and small at the back: the absolute weights of most recipes are made for that.
FEATURE_SCALES = {"block1": 100.0, "block2": 100.0, "block3": 50.0, "block4": 20.0, "block5": 1.0}


def tiny_network(seed: int = 0, precision: Precision = "float32", pooling: Pooling = "max") -> keras.Model:
    """With the layers of all presets."""
    network = network_for(PRESETS, pooling=pooling, precision=precision, width_divisor=WIDTH_DIVISOR)
    fill_with_random_weights(network, seed=seed)
    scale_features(network)
    return network


def scale_features(network: keras.Model) -> None:
    """Gives each block's features the size of `FEATURE_SCALES`."""
    scale_before = 1.0
    for layer in network.layers:
        if layer.weights:
            kernel, bias = layer.get_weights()
            scale = FEATURE_SCALES[layer.name[:6]]
            layer.set_weights([kernel * (scale / scale_before), bias * scale])
            scale_before = scale


@pytest.fixture(params=list(PRESETS))
def preset(request) -> str:
    """The input of that name."""
    return request.param


@pytest.fixture(scope="package")
def network() -> keras.Model:
    return tiny_network()


@pytest.fixture(scope="package")
def module(network) -> StyleTransfer:
    return StyleTransfer(network, PRESETS, limits=LIMITS, model_card='{"name": "tiny"}')
