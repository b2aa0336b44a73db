"""Between the picture that callers see, uint8, and the one that is optimised, float32 in 0..255."""

from __future__ import annotations

import tensorflow as tf

MAX_LEVEL = 255.0


def floats(picture: tf.Tensor) -> tf.Tensor:
    """float32[height, width, 3] in 0..255 from uint8[height, width, 3]."""
    return tf.cast(picture, tf.float32)


def clip(image: tf.Tensor) -> tf.Tensor:
    """The nearest picture, of the same shape, whose pixels are in 0..255."""
    return tf.clip_by_value(image, 0.0, MAX_LEVEL)


def rounded(image: tf.Tensor) -> tf.Tensor:
    """uint8[height, width, 3] from float32[height, width, 3]."""
    return tf.saturate_cast(tf.round(image), tf.uint8)
