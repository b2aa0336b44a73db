"""What the loop minimises: one weighted sum of content, style and total-variation loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import keras
import tensorflow as tf

from nst_graph.losses import gram_matrix, relative_error, squared_error, total_variation
from nst_graph.presets import Preset
from nst_graph.vgg19 import features_at, preprocess


class Losses(NamedTuple):
    """The losses of one picture, already weighted, so that total is the sum of the others: float32[] each."""

    total: tf.Tensor
    content: tf.Tensor
    style: tf.Tensor
    total_variation: tf.Tensor


class Targets(NamedTuple):
    """What a call compares every picture with: features and Gram matrices by layer name."""

    content: Mapping[str, tf.Tensor]
    style: Mapping[str, tf.Tensor]


class Objective:
    """The losses of one preset on one network."""

    def __init__(self, network: keras.Model, preset: Preset) -> None:
        self._preset = preset
        self._error = relative_error if preset.relative else squared_error
        self._content_features = features_at(network, preset.content_layers)
        self._style_features = features_at(network, preset.style_layers)
        self._features = features_at(network, {**preset.content_layers, **preset.style_layers})

    def targets(self, content: tf.Tensor, style: tf.Tensor) -> Targets:
        """Targets from two pictures of any sizes: float32[height, width, 3] in 0..255."""
        grams = {n: gram_matrix(f) for n, f in self._style_features(preprocess(style)).items()}
        return Targets(content=self._content_features(preprocess(content)), style=grams)

    def losses(self, image: tf.Tensor, targets: Targets, options: Mapping[str, tf.Tensor]) -> Losses:
        """Losses of a picture of the content's size, float32[height, width, 3] in 0..255; `options` by name."""
        features = self._features(preprocess(image))
        content = options["content_weight"] * tf.add_n(
            [
                weight * self._error(features[layer], targets.content[layer])
                for layer, weight in self._preset.content_layers.items()
            ]
        )
        style = options["style_weight"] * tf.add_n(
            [
                weight * self._error(gram_matrix(features[layer]), targets.style[layer])
                for layer, weight in self._preset.style_layers.items()
            ]
        )
        variation = options["tv_weight"] * total_variation(image)
        return Losses(content + style + variation, content, style, variation)
