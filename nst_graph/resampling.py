"""Pictures of another size, as two matrix products.

TensorFlow's own antialiased resize has a kernel for CPUs only (image_resize's ScaleAndTranslate); this runs wherever
products do. Rows and columns are weighed separately: result = down @ picture @ transpose(across).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import tensorflow as tf

from nst_graph.chosen import shared

Filter = Callable[[tf.Tensor], tf.Tensor]


def cubic(distance: tf.Tensor) -> tf.Tensor:
    """Keys (1981), a = -1/2; zero from 2 on."""
    x = tf.abs(distance)
    inner = (1.5 * x - 2.5) * x * x + 1.0
    outer = ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
    return tf.where(x < 1.0, inner, tf.where(x < 2.0, outer, 0.0))


def triangle(distance: tf.Tensor) -> tf.Tensor:
    """Bilinear: never negative; zero from 1 on."""
    return tf.maximum(1.0 - tf.abs(distance), 0.0)


def resize(picture: tf.Tensor, height: tf.Tensor, width: tf.Tensor, kernel: Filter = cubic) -> tf.Tensor:
    """A picture of `height` x `width`, int32[] each; antialiased where it shrinks.

    Args:
        picture: float32[height, width, channels]; returned as it is where it has the size already.
        height: of the result.
        width: of the result.
        kernel: of one unit a pixel, `cubic` or `triangle`; cubic may overshoot the values' range.
    """
    return tf.ensure_shape(_RESIZE[kernel](picture, height, width), [None, None, picture.shape[-1]])


def _resize(kernel: Filter, picture: tf.Tensor, height: tf.Tensor, width: tf.Tensor) -> tf.Tensor:
    old = tf.shape(picture)
    same = (old[0] == height) & (old[1] == width)

    def resized() -> tf.Tensor:
        rows = tf.einsum("yh,hwc->ywc", _weights(old[0], height, kernel), picture)
        return tf.einsum("xw,ywc->yxc", _weights(old[1], width, kernel), rows)

    return tf.cond(same, lambda: picture, resized)


def _weights(old: tf.Tensor, new: tf.Tensor, kernel: Filter) -> tf.Tensor:
    """How much each old pixel counts for each new one: float32[new, old], rows of sum 1."""
    scale = tf.cast(old, tf.float32) / tf.cast(new, tf.float32)
    centres = (tf.range(tf.cast(new, tf.float32)) + 0.5) * scale - 0.5
    distances = centres[:, tf.newaxis] - tf.range(tf.cast(old, tf.float32))
    weights = kernel(distances / tf.maximum(scale, 1.0))
    return weights / tf.reduce_sum(weights, axis=1, keepdims=True)


_SIDE = tf.TensorSpec([], tf.int32)
_RESIZE: Mapping[Filter, Callable[..., tf.Tensor]] = {
    kernel: shared(tf.TensorSpec([None, None, None]), _SIDE, _SIDE)(partial(_resize, kernel))
    for kernel in (cubic, triangle)
}
