from __future__ import annotations

import math
from typing import get_args

import pytest

from nst_graph.adam import Adam
from nst_graph.choices import PresetName
from nst_graph.options import OPTIONS
from nst_graph.presets import PRESETS
from nst_graph.vgg19 import CONVOLUTIONS


def test_an_export_can_choose_every_preset():
    assert get_args(PresetName) == tuple(PRESETS)


@pytest.mark.parametrize("name", PRESETS)
def test_defaults_are_those_of_options_and_within_their_ranges(name):
    assert set(PRESETS[name].defaults) <= {option.name for option in OPTIONS}
    for option in OPTIONS:
        value = option.default_in(PRESETS[name].defaults)
        assert option.minimum < value or (value == option.minimum and not option.exclusive_minimum)
        assert value <= option.maximum


@pytest.mark.parametrize("name", PRESETS)
def test_layers_exist_and_their_weights_sum_to_one(name):
    for layers in (PRESETS[name].content_layers, PRESETS[name].style_layers):
        assert set(layers) <= set(CONVOLUTIONS)
        assert math.fsum(layers.values()) == pytest.approx(1)


def test_the_eager_preset_has_the_tutorials_numbers():
    preset = PRESETS["eager"]
    assert dict(preset.content_layers) == {"block5_conv2": 1}
    assert dict(preset.style_layers) == {f"block{block}_conv1": 0.2 for block in (1, 2, 3, 4, 5)}
    assert preset.defaults == {"content_weight": 1e3, "style_weight": 1e-2, "tv_weight": 0, "learning_rate": 5}
    assert preset.optimiser == Adam(beta_1=0.99, beta_2=0.999, epsilon=0.1)
    assert preset.pooling == "max"
