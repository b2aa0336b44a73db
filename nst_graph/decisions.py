"""What the loop decides, in whole numbers: int32 of any shape, 1 for yes and 0 for no.

TensorFlow's kernels for GPUs compare, add and multiply int32 in the host's memory, where a condition needs it. They
combine bools, and choose between numbers (`tf.where`), on the GPU: to have such a value back, the host waits until the
GPU has done all it was told to, and tells it nothing more meanwhile. And `tf.cond` copies its bool to the GPU before a
branch begins. tests/compatibility/device_copies.py finds such copies.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import tensorflow as tf

Chosen = TypeVar("Chosen")


def at_least(number: tf.Tensor, other: tf.Tensor | int) -> tf.Tensor:
    """Whether `number` is no less than `other`, int32 each, of a difference within int32."""
    return tf.minimum(tf.maximum(number - other + 1, 0), 1)


def equal(number: tf.Tensor, other: tf.Tensor | int) -> tf.Tensor:
    """Whether both are the same, int32 each."""
    return at_least(number, other) * at_least(other, number)


def no(decision: tf.Tensor) -> tf.Tensor:
    """The opposite."""
    return 1 - decision


def either(decision: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
    """Whether at least one of them is yes; their product is whether both are."""
    return tf.maximum(decision, other)


def where(decision: tf.Tensor, number: tf.Tensor | int, other: tf.Tensor | int) -> tf.Tensor:
    """`number` where yes, else `other`: int32 each."""
    return decision * number + no(decision) * other


def cond(decision: tf.Tensor, then: Callable[[], Chosen], otherwise: Callable[[], Chosen]) -> Chosen:
    """What `then` returns where a decision, int32[], is yes, else what `otherwise` does."""
    chosen: Chosen = tf.switch_case(decision, [otherwise, then])
    return chosen


def holds(decision: tf.Tensor) -> tf.Tensor:
    """As `tf.where` wants it for what is on the GPU: bool of the same shape."""
    return tf.equal(decision, 1)
