"""What all style losses are made of: the first two moments of a layer's features."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf


class Moments(NamedTuple):
    """Means over positions. Means and Gram matrices of several pictures may be averaged, covariances may not."""

    mean: tf.Tensor  # float32[channels]
    covariance: tf.Tensor  # float32[channels, channels], symmetric and, of features that hardly differ, not negative

    @property
    def gram(self) -> tf.Tensor:
        """The second raw moment: float32[channels, channels]."""
        return self.covariance + self.mean[:, tf.newaxis] * self.mean[tf.newaxis]

    def in_unit(self, unit: tf.Tensor) -> Moments:
        """Those of features divided by `unit`, float32[]."""
        return Moments(self.mean / unit, self.covariance / tf.square(unit))


def moments(features: tf.Tensor) -> Moments:
    """Of a feature map, any float [1, height, width, channels].

    Gatys et al. (2016, eq. 3) sum over positions; the mean makes the matrix of a texture independent
    of the picture's size. Sums are float32 whatever the features are: in float16 they overflow.
    """
    positions = tf.reshape(tf.cast(features, tf.float32), [-1, features.shape[-1]])
    count = tf.cast(tf.shape(positions)[0], tf.float32)
    mean = tf.reduce_mean(positions, axis=0)
    # From centred features: the Gram matrix less the mean's share has rounding for a variance where features are flat,
    # and a root of a negative number.
    return Moments(mean, _self_product(positions - mean) / count)


def gram_matrix(features: tf.Tensor) -> tf.Tensor:
    """float32[channels, channels]: see `moments`."""
    return moments(features).gram


@tf.custom_gradient
def _self_product(rows: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
    """transpose(rows) rows, with one product in its gradient where autodiff makes two."""

    def gradient(upstream: tf.Tensor) -> tf.Tensor:
        return tf.matmul(rows, upstream + tf.transpose(upstream))

    return tf.matmul(rows, rows, transpose_a=True), gradient
