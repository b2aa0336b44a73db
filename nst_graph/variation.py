"""How rough a picture is: the kinds of total variation that the recipes use.

All take float32[height, width, 3] in 0..255 and return float32[].
"""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from nst_graph.chosen import chosen, shared
from nst_graph.pixels import MAX_LEVEL


def squares(image: tf.Tensor) -> tf.Tensor:
    """Mean squared difference between neighbours, down and across, on pixels scaled to 0..1.

    0 for a constant picture, 1 for a checkerboard of black and white.
    """
    down, across = _differences(image)
    return (tf.reduce_sum(tf.square(down)) + tf.reduce_sum(tf.square(across))) / _scale(down, across)


@tf.custom_gradient
def squares_in_less_memory(image: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
    """`squares` with its gradient written out: autodiff's, of slices, has twice as many copies of a picture in memory.

    For the loop, which has its gradients in the graph. `evaluate` has TensorFlow's own: custom ones are not saved.
    """
    down, across = _differences(image)

    def gradient(upstream: tf.Tensor) -> tf.Tensor:
        pulled = tf.pad(down, [[1, 0], [0, 0], [0, 0]]) - tf.pad(down, [[0, 1], [0, 0], [0, 0]])
        pulled += tf.pad(across, [[0, 0], [1, 0], [0, 0]]) - tf.pad(across, [[0, 0], [0, 1], [0, 0]])
        return (2.0 * upstream / _scale(down, across)) * pulled

    return squares(image), gradient


def absolute(image: tf.Tensor) -> tf.Tensor:
    """Sum of absolute differences: ProGamerGov/neural-style-pt, TVLoss; tf.image.total_variation."""
    down, across = _differences(image)
    return tf.reduce_sum(tf.abs(down)) + tf.reduce_sum(tf.abs(across))


def power(image: tf.Tensor) -> tf.Tensor:
    """Sum of (down² + across²) ** 1.25 over all pixels except the last row and column: keras.io's tutorial."""
    down, across = _differences(image)
    return tf.reduce_sum(tf.pow(tf.square(down[:, :-1]) + tf.square(across[:-1]), 1.25))


def stencil(image: tf.Tensor) -> tf.Tensor:
    """Nine points, means of squares on 0..1, edges repeated: crowsonkb/style-transfer-pytorch, TVLoss."""
    padded = tf.pad(image / MAX_LEVEL, [[1, 1], [1, 1], [0, 0]], "SYMMETRIC")
    down = padded[2:, 1:-1] - padded[1:-1, 1:-1]
    across = padded[1:-1, 2:] - padded[1:-1, 1:-1]
    falling = padded[1:, 1:] - padded[:-1, :-1]
    rising = padded[1:, :-1] - padded[:-1, 1:]
    straight = tf.reduce_mean(tf.square(down)) + tf.reduce_mean(tf.square(across))
    diagonal = tf.reduce_mean(tf.square(falling)) + tf.reduce_mean(tf.square(rising))
    return 2.0 * (straight / 3.0 + diagonal / 12.0)


def _differences(image: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    return image[1:] - image[:-1], image[:, 1:] - image[:, :-1]


def _scale(down: tf.Tensor, across: tf.Tensor) -> tf.Tensor:
    """What the sum of squared differences is divided by, float32[]."""
    return tf.cast(tf.size(down) + tf.size(across), tf.float32) * MAX_LEVEL**2


VARIATIONS = {"squares": squares_in_less_memory, "absolute": absolute, "power": power, "stencil": stencil}


@shared(tf.TensorSpec([], tf.int32), tf.TensorSpec([None, None, 3]))
def variation(kind: tf.Tensor, image: tf.Tensor) -> list[tf.Tensor]:
    """By the row number `kind`, int32[], of `VARIATIONS`; and its gradient for the picture."""
    return chosen(kind, list(VARIATIONS.values()), [image])
