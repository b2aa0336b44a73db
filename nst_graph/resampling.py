"""Pictures of another size, as two matrix products.

TensorFlow's own antialiased resize has a kernel for CPUs only (image_resize's ScaleAndTranslate); this runs wherever
products do. Rows and columns are weighed separately: result = down @ picture @ transpose(across).
"""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

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


def resize(pictures: tf.Tensor, height: tf.Tensor, width: tf.Tensor, kernel: Filter = cubic) -> tf.Tensor:
    """Pictures of `height` x `width`, int32[] each; antialiased where they shrink.

    Args:
        pictures: float32[..., height, width, 3]; returned as they are where they have the size already.
        height: of the result.
        width: of the result.
        kernel: of one unit a pixel; cubic may overshoot the values' range.
    """
    old = tf.shape(pictures)[-3:-1]
    same = (old[0] == height) & (old[1] == width)

    def resized() -> tf.Tensor:
        rows = tf.einsum("yh,...hwc->...ywc", _weights(old[0], height, kernel), pictures)
        return tf.einsum("xw,...ywc->...yxc", _weights(old[1], width, kernel), rows)

    return tf.ensure_shape(tf.cond(same, lambda: pictures, resized), [*pictures.shape[:-3], None, None, 3])


def _weights(old: tf.Tensor, new: tf.Tensor, kernel: Filter) -> tf.Tensor:
    """How much each old pixel counts for each new one: float32[new, old], rows of sum 1."""
    scale = tf.cast(old, tf.float32) / tf.cast(new, tf.float32)
    centres = (tf.range(tf.cast(new, tf.float32)) + 0.5) * scale - 0.5
    distances = centres[:, tf.newaxis] - tf.range(tf.cast(old, tf.float32))
    weights = kernel(distances / tf.maximum(scale, 1.0))
    return weights / tf.reduce_sum(weights, axis=1, keepdims=True)
