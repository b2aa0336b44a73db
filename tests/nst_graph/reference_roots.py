"""The trace of a matrix's root as sqrtm.py of crowsonkb/style-transfer-pytorch has it: nothing of this project."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

ITERATIONS = 12


@tf.custom_gradient
def trace_of_root(matrix: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
    """By Newton and Schulz; the gradient by the Lyapunov iteration of Lin and Maji (2017), algorithm 1, in full."""
    identity = tf.eye(matrix.shape[0])
    norm = tf.sqrt(tf.reduce_sum(matrix**2))
    y, z = matrix / norm, identity
    for _ in range(ITERATIONS):
        t = (3 * identity - z @ y) / 2
        y, z = y @ t, t @ z
    root = y * tf.sqrt(norm)

    def gradient(upstream: tf.Tensor) -> tf.Tensor:
        size = tf.sqrt(tf.reduce_sum(root**2))
        a, q = root / size, upstream * identity / size
        for _ in range(ITERATIONS):
            transposed = tf.transpose(a)
            q = (q @ (3 * identity - a @ a) - transposed @ (transposed @ q - q @ a)) / 2
            a = a @ (3 * identity - a @ a) / 2
        return q / 2

    return tf.linalg.trace(root), gradient
