from __future__ import annotations

import math
from typing import get_args

import pytest

from nst_graph.choices import PresetName
from nst_graph.options import OPTIONS
from nst_graph.presets import PRESETS, STYLE_LAYERS
from nst_graph.vgg19 import CONVOLUTIONS


def test_an_export_can_choose_every_preset():
    assert get_args(PresetName) == tuple(PRESETS)


@pytest.mark.parametrize("name", PRESETS)
def test_numbers_are_within_the_ranges_of_their_options(name):
    preset = PRESETS[name]
    rates = {"adam": preset.adam.learning_rate, "lbfgs": preset.lbfgs_rate, "sgd": preset.sgd_rate}
    numbers = {**preset._asdict(), "learning_rate": rates[preset.optimizer]}
    for option in OPTIONS:
        value = numbers.get(option.name)
        if isinstance(value, float):
            assert option.minimum < value or (value == option.minimum and not option.exclusive_minimum)
            assert value <= option.maximum
        if option.choices and option.name in numbers:
            assert value in option.choices


@pytest.mark.parametrize("name", PRESETS)
def test_content_layers_exist_and_their_weights_sum_to_one(name):
    assert set(PRESETS[name].content_layers) <= set(CONVOLUTIONS)
    assert math.fsum(PRESETS[name].content_layers.values()) == pytest.approx(1)
    assert len(PRESETS[name].style_layer_weights) == len(STYLE_LAYERS)
