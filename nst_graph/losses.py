"""The losses of neural style transfer, as pure functions of features and pixels."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf


def gram_matrix(features: tf.Tensor) -> tf.Tensor:
    """Channel correlations of a feature map, averaged over positions.

    Args:
        features: any float [1, height, width, channels].

    Returns:
        float32[channels, channels], symmetric.

    Gatys et al. (2016, eq. 3) sum over positions; the mean makes the matrix of a texture independent
    of the picture's size. Sums are float32 whatever the features are: in float16 they overflow.
    """
    positions = tf.reshape(tf.cast(features, tf.float32), [-1, features.shape[-1]])
    return _self_product(positions) / tf.cast(tf.shape(positions)[0], tf.float32)


@tf.custom_gradient
def _self_product(rows: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
    """transpose(rows) rows, with one product in its gradient where autodiff makes two."""

    def gradient(upstream: tf.Tensor) -> tf.Tensor:
        return tf.matmul(rows, upstream + tf.transpose(upstream))

    return tf.matmul(rows, rows, transpose_a=True), gradient


def squared_error(value: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    """Mean of the squared differences: float32[]."""
    return tf.reduce_mean(_squared_difference(value, target))


def relative_error(value: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    """||value - target||^2 / ||target||^2, Frobenius norms: float32[], and 0 where `target` is all 0.

    Without a unit, so that the same weight serves every layer, network and size of picture.
    """
    return tf.math.divide_no_nan(
        tf.reduce_sum(_squared_difference(value, target)),
        tf.reduce_sum(tf.square(tf.cast(target, tf.float32))),
    )


def _squared_difference(value: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    return tf.math.squared_difference(tf.cast(value, tf.float32), tf.cast(target, tf.float32))


def total_variation(image: tf.Tensor) -> tf.Tensor:
    """Mean squared difference between neighbours, down and across, on pixels scaled to 0..1.

    Args:
        image: float32[height, width, 3] in 0..255.

    Returns:
        float32[]: 0 for a constant picture, 1 for a checkerboard of black and white.
    """
    unit = image / 255.0
    down, across = unit[1:] - unit[:-1], unit[:, 1:] - unit[:, :-1]
    differences = tf.cast(tf.size(down) + tf.size(across), tf.float32)
    return (tf.reduce_sum(tf.square(down)) + tf.reduce_sum(tf.square(across))) / differences
