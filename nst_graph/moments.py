"""What all style losses are made of: the first two moments of a layer's features, in each region of a picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from nst_graph.chosen import shared


class Moments(NamedTuple):
    """Means over positions. Means and Gram matrices of several pictures may be averaged, covariances may not."""

    mean: tf.Tensor  # float32[regions, channels]
    covariance: (
        tf.Tensor
    )  # float32[regions, channels, channels], symmetric, and not negative where features hardly differ

    @property
    def gram(self) -> tf.Tensor:
        """The second raw moment: float32[regions, channels, channels]."""
        return self.covariance + _outer(self.mean)

    def in_unit(self, unit: tf.Tensor) -> Moments:
        """Those of features divided by `unit`, float32[]."""
        return Moments(self.mean / unit, self.covariance / tf.square(unit))

    def mixed(self, other: Moments, share: tf.Tensor) -> Moments:
        """Those of both together, of which `share`, float32[regions] in 0..1, is `other`'s.

        A share of 0 or 1 leaves one of them bit for bit. Either may have a single region for all.
        """
        share = share[:, tf.newaxis]
        away = other.mean - self.mean
        mean = (1.0 - share) * self.mean + share * other.mean
        share = share[..., tf.newaxis]
        within = (1.0 - share) * self.covariance + share * other.covariance
        return Moments(mean, within + share * (1.0 - share) * _outer(away))


# Weights of positions where there are no regions: all positions weigh the same, and count as one region.
EVERYWHERE = ((),)


def moments(features: tf.Tensor, weights: tf.Tensor | tuple[tuple[()]] = EVERYWHERE) -> Moments:
    """Of a feature map, any float [1, height, width, channels].

    Gatys et al. (2016, eq. 3) sum over positions; the mean makes the matrix of a texture independent
    of the picture's size. Sums are float32 whatever the features are: in float16 they overflow.

    Args:
        features: of one picture.
        weights: float32[positions, regions]: of each position in each region, of sum 1; without columns, as in
            `EVERYWHERE`, all positions are one region. As guided Gram matrices (Gatys et al. 2017, section 5), except
            that the sum is 1: what a small region weighs does not depend on its size.
    """
    positions = tf.reshape(tf.cast(features, tf.float32), [-1, features.shape[-1]])
    weights = tf.convert_to_tensor(weights, tf.float32)

    @tf.custom_gradient
    def of(rows: tf.Tensor) -> tuple[tuple[tf.Tensor, tf.Tensor], Callable[..., tf.Tensor]]:
        mean, covariance = moments_of_rows(rows, weights)
        return (mean, covariance), lambda *upstream: gradient_of_rows(rows, weights, mean, *upstream)

    mean, covariance = of(positions)
    channels = features.shape[-1]
    return Moments(tf.ensure_shape(mean, [None, channels]), tf.ensure_shape(covariance, [None, channels, channels]))


def sum_of_rows(rows: tf.Tensor) -> tf.Tensor:
    """float32[columns] of float32[positions, columns], few columns.

    Along columns that lie together TensorFlow adds in pairs; across them it adds one row after the other, which loses
    the twentieth part of a percent of 100,000 equal numbers, and a sixth of 16 millions.
    """
    return tf.reduce_sum(tf.transpose(rows), axis=1)


def gram_matrix(features: tf.Tensor) -> tf.Tensor:
    """Of a whole picture, float32[channels, channels], from any float [1, height, width, channels].

    It has TensorFlow's own gradient, which is there in a loaded model too: custom ones are not saved.
    """
    rows = tf.reshape(tf.cast(features, tf.float32), [-1, features.shape[-1]])
    return tf.matmul(rows, rows, transpose_a=True) / _count(rows)


_ROWS, _BLOCKS = tf.TensorSpec([None, None]), tf.TensorSpec([None, None, None])


@shared(_ROWS, _ROWS)
def moments_of_rows(rows: tf.Tensor, weights: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Mean and covariance of features in rows, float32[positions, channels]; `weights` as in `moments`.

    The covariance is that of centred rows: the Gram matrix less the mean's share has rounding for a variance where
    features are flat, and a root of a negative number.
    """

    def everywhere() -> tuple[tf.Tensor, tf.Tensor]:
        mean = tf.reduce_mean(rows, axis=0)
        centred = rows - mean
        return mean[tf.newaxis], (tf.matmul(centred, centred, transpose_a=True) / _count(rows))[tf.newaxis]

    def by_region() -> tuple[tf.Tensor, tf.Tensor]:
        mean = tf.matmul(weights, rows, transpose_a=True)
        centred = rows - mean[:, tf.newaxis]
        return mean, tf.matmul(centred * tf.transpose(weights)[..., tf.newaxis], centred, transpose_a=True)

    made: tuple[tf.Tensor, tf.Tensor] = tf.cond(tf.size(weights) > 0, by_region, everywhere)
    return made


@shared(_ROWS, _ROWS, _ROWS, _ROWS, _BLOCKS)
def gradient_of_rows(
    rows: tf.Tensor, weights: tf.Tensor, mean: tf.Tensor, of_mean: tf.Tensor, of_covariance: tf.Tensor
) -> tf.Tensor:
    """That of a loss: float32[positions, channels].

    One product where autodiff makes two; and none for the covariance's mean, whose share is 0.

    Args:
        rows: features, all or some of those that the moments are of.
        weights: theirs, among all.
        mean: of all.
        of_mean: the loss's gradient for the mean.
        of_covariance: and for the covariance.
    """
    symmetric = of_covariance + tf.linalg.matrix_transpose(of_covariance)

    def everywhere() -> tf.Tensor:
        count = _count(rows)  # divides the small tensors: the rows are the largest of the whole loop
        return tf.matmul(rows - mean, symmetric[0] / count) + of_mean / count

    def by_region() -> tf.Tensor:
        each = tf.matmul(rows - mean[:, tf.newaxis], symmetric) + of_mean[:, tf.newaxis]
        return tf.reduce_sum(tf.transpose(weights)[..., tf.newaxis] * each, axis=0)

    return tf.cond(tf.size(weights) > 0, by_region, everywhere)


def _count(rows: tf.Tensor) -> tf.Tensor:
    return tf.cast(tf.shape(rows)[0], tf.float32)


def _outer(vectors: tf.Tensor) -> tf.Tensor:
    return vectors[:, :, tf.newaxis] * vectors[:, tf.newaxis]
