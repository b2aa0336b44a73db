"""What all style losses are made of: the first two moments of a layer's features, in each region of a picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from nst_graph import decisions
from nst_graph.chosen import shared
from nst_graph.decisions import at_least, holds


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
        found, centred = Moments(*moments_of_rows(rows, weights, tf.constant(1))), tf.constant(1)
        return tuple(found), lambda *upstream: gradient_of_rows(rows, weights, found, Moments(*upstream), centred)

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


_ROWS, _BLOCKS, _WHOLE_NUMBER = tf.TensorSpec([None] * 2), tf.TensorSpec([None] * 3), tf.TensorSpec([], tf.int32)


@shared(_ROWS, _ROWS, _WHOLE_NUMBER)
def moments_of_rows(rows: tf.Tensor, weights: tf.Tensor, centred: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Mean and covariance of features in rows, float32[positions, channels]; `weights` as in `moments`.

    The covariance is that of centred rows: the Gram matrix less the mean's share has rounding for a variance where
    features are flat, and a root of a negative number. Where not `centred`, 1 or 0, they are zeros and the Gram matrix:
    `Moments.gram` is of both the same, and the rows, the largest tensors of the loop, are passed over once.
    """

    def everywhere() -> tuple[tf.Tensor, tf.Tensor]:
        mean, away = decisions.cond(centred, lambda: _centred(rows), lambda: (tf.zeros_like(rows[0]), rows))
        return mean[tf.newaxis], (tf.matmul(away, away, transpose_a=True) / _count(rows))[tf.newaxis]

    def by_region() -> tuple[tf.Tensor, tf.Tensor]:
        mean = tf.where(holds(centred), tf.matmul(weights, rows, transpose_a=True), 0.0)
        away = rows - mean[:, tf.newaxis]
        return mean, tf.matmul(away * tf.transpose(weights)[..., tf.newaxis], away, transpose_a=True)

    made: tuple[tf.Tensor, tf.Tensor] = decisions.cond(at_least(tf.size(weights), 1), by_region, everywhere)
    return made


def _centred(rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Their mean, and rows less that."""
    mean = tf.reduce_mean(rows, axis=0)
    return mean, rows - mean


def gradient_of_rows(
    rows: tf.Tensor, weights: tf.Tensor, moments: Moments, of_moments: Moments, centred: tf.Tensor
) -> tf.Tensor:
    """That of a loss: [positions, channels] of the dtype of `rows`.

    One product where autodiff makes two; and none for the covariance's mean, whose share is 0.

    Args:
        rows: features, all or some of those that the moments are of: float32, or bfloat16 with its product in that.
        weights: theirs, among all: float32[positions, regions], or without columns.
        moments: of all.
        of_moments: the loss's gradient for them.
        centred: as the moments are: see `moments_of_rows`.
    """
    made: tf.Tensor = _GRADIENTS[rows.dtype](rows, weights, moments.mean, of_moments, centred)
    return made


def _gradient_of_rows(
    rows: tf.Tensor, weights: tf.Tensor, mean: tf.Tensor, of_moments: Moments, centred: tf.Tensor
) -> tf.Tensor:
    symmetric = of_moments.covariance + tf.linalg.matrix_transpose(of_moments.covariance)
    of = rows.dtype

    def away(rows: tf.Tensor, mean: tf.Tensor) -> tf.Tensor:
        # Before the product: after it, what rounding leaves of a mean is more than the gradient of flat features.
        return decisions.cond(centred, lambda: tf.cast(tf.cast(rows, tf.float32) - mean, of), lambda: rows)

    def everywhere() -> tf.Tensor:
        # As a convolution of 1 x 1, which oneDNN multiplies faster than a matrix: in bfloat16 in a quarter of the time.
        count = _count(rows)
        matrix, shift = tf.cast(symmetric / count, of), tf.cast(of_moments.mean[0] / count, of)
        of_rows = tf.nn.conv2d(away(rows, mean)[tf.newaxis, tf.newaxis], matrix[tf.newaxis], 1, "VALID")
        return tf.nn.bias_add(of_rows, shift)[0, 0]

    def by_region() -> tf.Tensor:
        each = tf.matmul(away(rows[tf.newaxis], mean[:, tf.newaxis]), tf.cast(symmetric, of))
        each += tf.cast(of_moments.mean[:, tf.newaxis], of)
        return tf.reduce_sum(tf.cast(tf.transpose(weights)[..., tf.newaxis], of) * each, axis=0)

    made: tf.Tensor = decisions.cond(at_least(tf.size(weights), 1), by_region, everywhere)
    return made


_GRADIENTS = {
    dtype: shared(tf.TensorSpec([None, None], dtype), _ROWS, _ROWS, Moments(_ROWS, _BLOCKS), _WHOLE_NUMBER)(
        _gradient_of_rows
    )
    for dtype in (tf.float32, tf.bfloat16)
}


def _count(rows: tf.Tensor) -> tf.Tensor:
    return tf.cast(tf.shape(rows)[0], tf.float32)


def _outer(vectors: tf.Tensor) -> tf.Tensor:
    return vectors[:, :, tf.newaxis] * vectors[:, tf.newaxis]
