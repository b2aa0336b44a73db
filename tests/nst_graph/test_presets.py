from __future__ import annotations

import math

import pytest

from nst_graph.presets import PRESETS
from nst_graph.vgg19 import CONVOLUTIONS


@pytest.mark.parametrize("name", PRESETS)
def test_layers_exist_and_their_weights_sum_to_one(name):
    for layers in (PRESETS[name].content_layers, PRESETS[name].style_layers):
        assert set(layers) <= set(CONVOLUTIONS)
        assert math.fsum(layers.values()) == pytest.approx(1)


def test_the_eager_preset_has_the_tutorials_numbers():
    preset = PRESETS["eager"]
    assert dict(preset.content_layers) == {"block5_conv2": 1}
    assert dict(preset.style_layers) == {f"block{block}_conv1": 0.2 for block in (1, 2, 3, 4, 5)}
    assert (preset.content_weight, preset.style_weight, preset.tv_weight) == (1e3, 1e-2, 0)
    assert (preset.learning_rate, preset.beta_1, preset.beta_2, preset.epsilon) == (5, 0.99, 0.999, 0.1)
    assert preset.pooling == "max"
