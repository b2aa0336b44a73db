"""Square roots of positive matrices by Newton-Schulz iterations: products alone, so that they run on any device.

As in crowsonkb/style-transfer-pytorch (sqrtm.py), which has them from Lin and Maji (2017), "Improved bilinear pooling
with CNNs", section 3.2.
"""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

Pair = tuple[tf.Tensor, tf.Tensor]

ITERATIONS = 12  # of both loops, as in crowsonkb/style-transfer-pytorch (StyleLossW2)


def square_root(matrix: tf.Tensor) -> tf.Tensor:
    """The positive roots of symmetric positive matrices: float32[matrices, n, n]."""
    norm = tf.norm(matrix, axis=[-2, -1], keepdims=True)
    identity = _identities(matrix)

    def iterate(root: tf.Tensor, inverse: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        correction = (3.0 * identity - inverse @ root) / 2.0
        return root @ correction, correction @ inverse

    root, _ = _repeat(iterate, matrix / norm, identity)
    return root * tf.sqrt(norm)


@tf.custom_gradient
def trace_of_root(matrix: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
    """Traces of the square roots of symmetric positive matrices: float32[matrices] from float32[matrices, n, n].

    Its gradient is half the inverse root. It solves the Lyapunov equation `root X + X root = I` by the iteration of
    Lin and Maji (2017), algorithm 1, in which all terms commute here.
    """
    root = square_root(matrix)

    def gradient(upstream: tf.Tensor) -> tf.Tensor:
        identity = _identities(root)
        norm = tf.norm(root, axis=[-2, -1], keepdims=True)

        def iterate(inverse: tf.Tensor, sign: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            correction = (3.0 * identity - sign @ sign) / 2.0
            return inverse @ correction, sign @ correction

        inverse, _ = _repeat(iterate, identity / norm, root / norm)
        return upstream[:, tf.newaxis, tf.newaxis] * inverse / 2.0

    return tf.linalg.trace(root), gradient


def _identities(matrices: tf.Tensor) -> tf.Tensor:
    return tf.eye(tf.shape(matrices)[-1], batch_shape=tf.shape(matrices)[:1])


def _repeat(iterate: Callable[[tf.Tensor, tf.Tensor], Pair], one: tf.Tensor, other: tf.Tensor) -> Pair:
    """`ITERATIONS` times; a loop of the graph, which unrolled would be as large as the network's."""
    pair: Pair = tf.while_loop(lambda *_: True, iterate, (one, other), maximum_iterations=ITERATIONS)
    return pair
