"""The neutral yardstick: how near a picture is to its content and style, whatever made it."""

from __future__ import annotations

from typing import NamedTuple

import keras
import tensorflow as tf

from nst_graph.losses import gram_matrix, relative_error, total_variation
from nst_graph.vgg19 import features_at, preprocess

STYLE_LAYERS = tuple(f"block{block}_conv1" for block in range(1, 6))
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
        self._features = features_at(network, [*STYLE_LAYERS, CONTENT_LAYER])

    def evaluate(self, content: tf.Tensor, style: tf.Tensor, image: tf.Tensor) -> Evaluation:
        """Compares `image` with `content` and `style`: float32[height, width, 3] in 0..255 each.

        `image` has the content's size; `style` may have any.
        """
        features = self._features(preprocess(image))
        content_target = self._content_features(preprocess(content))[CONTENT_LAYER]
        style_targets = self._style_features(preprocess(style))
        return Evaluation(
            tf.stack(
                [
                    relative_error(gram_matrix(features[layer]), gram_matrix(style_targets[layer]))
                    for layer in STYLE_LAYERS
                ]
            ),
            relative_error(features[CONTENT_LAYER], content_target),
            total_variation(image),
        )
