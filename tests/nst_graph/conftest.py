"""A tiny network for each preset, with seeded weights."""

from __future__ import annotations

import pytest

from nst_export.weights.random_weights import fill_with_random_weights
from nst_graph.presets import PRESETS
from nst_graph.style_transfer import StyleTransfer, network_for
from tests.exports import LIMITS, WIDTH_DIVISOR


@pytest.fixture(scope="session", params=list(PRESETS))
def preset(request):
    return PRESETS[request.param]


@pytest.fixture(scope="session")
def network(preset):
    network = network_for(preset, width_divisor=WIDTH_DIVISOR)
    fill_with_random_weights(network, seed=0)
    return network


@pytest.fixture(scope="session")
def module(network, preset):
    return StyleTransfer(network, preset, limits=LIMITS, model_card='{"name": "tiny"}')
