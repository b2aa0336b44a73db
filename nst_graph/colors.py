"""Whose colours a picture has: Gatys et al. (2016), "Preserving color in neural artistic style transfer".

Two ways: to paint on luminance alone, and to move the style's colours to the content's beforehand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import tensorflow as tf

from nst_graph.choices import Color
from nst_graph.pixels import MAX_LEVEL

LUMA = (0.299, 0.587, 0.114)  # of red, green and blue: Rec. 601, as in JPEG

# Added to variances, squared pixel levels: a picture of one colour has none, and no inverse.
VARIANCE_FLOOR = 1e-4


class Colors(NamedTuple):
    """Of all pixels of a picture, red, green and blue in 0..255."""

    mean: tf.Tensor  # float64[3]
    covariance: tf.Tensor  # float64[3, 3]


def luma(picture: tf.Tensor) -> tf.Tensor:
    """float32[height, width, 1] from float32[height, width, 3]."""
    return tf.reduce_sum(picture * tf.constant(LUMA), axis=-1, keepdims=True)


def with_chroma(grey: tf.Tensor, content: tf.Tensor) -> tf.Tensor:
    """A picture with the luma of `grey`, float32[height, width, 1], and the content's Cb and Cr.

    Those are differences from the luma, so that the same number is added to red, green and blue; as much of it as
    keeps all three in 0..255.
    """
    low = -tf.reduce_min(content, axis=-1, keepdims=True)
    high = MAX_LEVEL - tf.reduce_max(content, axis=-1, keepdims=True)
    return content + tf.clip_by_value(grey - luma(content), low, high)


def recolored(kind: tf.Tensor, style: tf.Tensor, content: tf.Tensor) -> tf.Tensor:
    """The style as it is painted with: float32[height, width, 3], not clipped, so that its moments are exact.

    Args:
        kind: int32[], place in `COLORS`.
        style: float32[any height, any width, 3] in 0..255.
        content: float32[height, width, 3] in 0..255.
    """

    def moved() -> tf.Tensor:
        of_style, of_content = colors(style), colors(content)
        moves = [lambda move=move: move(of_style, of_content) for move in COLORS.values()]
        matrix, mean = tf.switch_case(kind, moves)
        centred = tf.cast(style, tf.float64) - of_style.mean
        return tf.cast(tf.einsum("hwc,dc->hwd", centred, matrix) + mean, tf.float32)

    return tf.cond(kind == 0, lambda: style, moved)


def colors(picture: tf.Tensor) -> Colors:
    """Of float32[height, width, 3]; in float64, since a grey picture's covariance has no inverse but for its floor."""
    pixels = tf.cast(tf.reshape(picture, [-1, 3]), tf.float64)
    mean = tf.reduce_mean(pixels, axis=0)
    centred = pixels - mean
    covariance = tf.matmul(centred, centred, transpose_a=True) / tf.cast(tf.shape(pixels)[0], tf.float64)
    return Colors(mean, covariance + VARIANCE_FLOOR * tf.eye(3, dtype=tf.float64))


# From a style's and a content's colours: the matrix on the style's pixels less their mean, and the mean of the result.
Move = Callable[[Colors, Colors], tuple[tf.Tensor, tf.Tensor]]


def _none(style: Colors, content: Colors) -> tuple[tf.Tensor, tf.Tensor]:
    del content
    return tf.eye(3, dtype=tf.float64), style.mean


def _luminance(style: Colors, content: Colors) -> tuple[tf.Tensor, tf.Tensor]:
    """Grey, with the mean and the variance of the content's luma (section 3.2 there)."""
    weights = tf.constant(LUMA, tf.float64)
    variances = [tf.tensordot(weights, tf.linalg.matvec(one.covariance, weights), 1) for one in (content, style)]
    row = weights * tf.sqrt(variances[0] / variances[1])
    mean = tf.tensordot(weights, content.mean, 1)
    return tf.tile(row[tf.newaxis], [3, 1]), tf.fill([3], mean)


def _cholesky(style: Colors, content: Colors) -> tuple[tf.Tensor, tf.Tensor]:
    lower = tf.linalg.cholesky(style.covariance)
    inverse = tf.linalg.triangular_solve(lower, tf.eye(3, dtype=tf.float64))
    return tf.linalg.cholesky(content.covariance) @ inverse, content.mean


def _pca(style: Colors, content: Colors) -> tuple[tf.Tensor, tf.Tensor]:
    return _power(content.covariance, 0.5) @ _power(style.covariance, -0.5), content.mean


def _symmetric(style: Colors, content: Colors) -> tuple[tf.Tensor, tf.Tensor]:
    """The map that moves pixels least (Monge's)."""
    root, inverse = _power(style.covariance, 0.5), _power(style.covariance, -0.5)
    return inverse @ _power(root @ content.covariance @ root, 0.5) @ inverse, content.mean


def _power(matrix: tf.Tensor, exponent: float) -> tf.Tensor:
    """Of a symmetric positive matrix."""
    values, vectors = tf.linalg.eigh(matrix)
    return tf.matmul(vectors * values**exponent, vectors, transpose_b=True)


COLORS: Mapping[Color, Move] = {
    "style": _none,
    "luminance": _luminance,
    "match-cholesky": _cholesky,
    "match-pca": _pca,
    "match-symmetric": _symmetric,
}
