"""The recipes: which layers, which losses, which weights, which optimiser settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from nst_graph.adam import Adam
from nst_graph.choices import Pooling, PresetName
from nst_graph.optimiser import Optimiser


class Preset(NamedTuple):
    """One recipe: a row of numbers."""

    content_layers: Mapping[str, float]  # weight of each layer within the content loss
    style_layers: Mapping[str, float]  # weight of each layer within the style loss
    defaults: Mapping[str, float]  # of the optional inputs, by `Option.name`
    optimiser: Optimiser
    decay_iterations: float  # after which the learning rate is down to 1/sqrt(2); inf keeps it
    relative: bool  # losses are relative errors, gradients are per pixel value; else mean squares
    pooling: Pooling


PRESETS: Mapping[PresetName, Preset] = {
    # Chosen by looking, with random weights, at 256 to 512 pixels. Shallow style layers weigh more since their
    # filters are the ones that random networks share with trained ones; content is held at two depths, so that
    # shapes stay where a random network's deep layer alone would let them go. With an epsilon much below the
    # gradient's own size, 0.04, pixels that hardly matter are moved too: noise; much above it the houses stay a
    # photograph. A learning rate of 20 overshoots into wrong colours, one of 4 takes twice the iterations.
    "nst": Preset(
        content_layers={"block3_conv1": 0.5, "block4_conv2": 0.5},
        style_layers={
            "block1_conv1": 4 / 10.5,
            "block2_conv1": 3 / 10.5,
            "block3_conv1": 2 / 10.5,
            "block4_conv1": 1 / 10.5,
            "block5_conv1": 0.5 / 10.5,
        },
        defaults={"content_weight": 0.02, "style_weight": 1.0, "tv_weight": 1.0, "learning_rate": 8.0},
        optimiser=Adam(beta_1=0.9, beta_2=0.99, epsilon=1e-3),
        decay_iterations=50.0,
        relative=True,
        pooling="average",
    ),
    # The eager-execution tutorial (Raymond Yuan, 2018): mean squares, no total variation.
    "eager": Preset(
        content_layers={"block5_conv2": 1.0},
        style_layers={f"block{block}_conv1": 1 / 5 for block in range(1, 6)},
        defaults={"content_weight": 1e3, "style_weight": 1e-2, "tv_weight": 0.0, "learning_rate": 5.0},
        optimiser=Adam(beta_1=0.99, beta_2=0.999, epsilon=1e-1),
        decay_iterations=float("inf"),
        relative=False,
        pooling="max",
    ),
}
