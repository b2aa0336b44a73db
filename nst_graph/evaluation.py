"""The neutral yardstick: how near a picture is to its content and style, whatever made it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import keras
import tensorflow as tf

from nst_graph.moments import gram_matrix
from nst_graph.presets import STYLE_LAYERS
from nst_graph.variation import squares
from nst_graph.vgg19 import features_at, preprocess

CONTENT_LAYER = "block4_conv2"


class Evaluation(NamedTuple):
    """Errors without units: 0 is a perfect match."""

    style_errors: tf.Tensor  # float32[5]: of the Gram matrices at STYLE_LAYERS
    content_error: tf.Tensor  # float32[]: of the features at CONTENT_LAYER
    total_variation: tf.Tensor  # float32[]


class Yardstick:
    """Evaluates pictures on one network."""

    def __init__(self, network: keras.Model) -> None:
        self._style_features = features_at(network, STYLE_LAYERS)
        self._content_features = features_at(network, [CONTENT_LAYER])
        self._network = features_at(network, [*STYLE_LAYERS, CONTENT_LAYER])

    def evaluate(self, content: tf.Tensor, style: tf.Tensor, image: tf.Tensor) -> Evaluation:
        """Compares `image` with `content` and `style`: float32[height, width, 3] in 0..255 each.

        `image` has the content's size; `style` may have any. There is a gradient for `image` alone: the others are
        what it is measured by.
        """
        features = self._features(preprocess(image))
        content_target = tf.stop_gradient(self._content_features(preprocess(content))[CONTENT_LAYER])
        style_features = self._style_features(preprocess(style))
        style_targets = [tf.stop_gradient(gram_matrix(style_features[layer])) for layer in STYLE_LAYERS]
        return Evaluation(
            tf.stack(
                [
                    relative_error(gram_matrix(features[layer]), target)
                    for layer, target in zip(STYLE_LAYERS, style_targets, strict=True)
                ]
            ),
            relative_error(features[CONTENT_LAYER], content_target),
            squares(image),
        )

    def _features(self, pixels: tf.Tensor) -> Mapping[str, tf.Tensor]:
        """The image's. TensorFlow's gradient of a loaded function is that of each variable too, trainable or not."""
        weights = [tf.stop_gradient(variable.value) for variable in self._network.non_trainable_variables]
        outputs: Mapping[str, tf.Tensor] = self._network.stateless_call([], weights, pixels)[0]
        return outputs


def relative_error(value: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    """||value - target||^2 / ||target||^2, Frobenius norms: float32[], and 0 where `target` is all 0."""
    value, target = tf.cast(value, tf.float32), tf.cast(target, tf.float32)
    return tf.math.divide_no_nan(
        tf.reduce_sum(tf.math.squared_difference(value, target)), tf.reduce_sum(tf.square(target))
    )
