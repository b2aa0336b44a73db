"""Optimisers of PyTorch, written out in NumPy: nothing of this project."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

Step = Callable[[tf.Variable, tf.Tensor], None]


def torch_adam(rate: float, beta_1: float, beta_2: float, epsilon: float) -> Step:
    """torch.optim.Adam: algorithm 1 of the paper."""
    mean = variance = 0.0
    count = 0

    def step(image: tf.Variable, gradient: tf.Tensor) -> None:
        nonlocal mean, variance, count
        gradient = gradient.numpy().astype(np.float64)
        mean = beta_1 * mean + (1 - beta_1) * gradient
        variance = beta_2 * variance + (1 - beta_2) * gradient**2
        count += 1
        denominator = np.sqrt(variance / (1 - beta_2**count)) + epsilon
        image.assign_sub(tf.constant(rate * mean / (1 - beta_1**count) / denominator, tf.float32))

    return step


def lbfgs(history: int = 10, rate: float = 1.0, rounded: tf.DType = tf.bfloat16) -> Step:
    """torch.optim.LBFGS without a line search; `rounded` is how pairs are stored."""
    steps, changes = [], []
    last = None

    def stored(value: np.ndarray) -> np.ndarray:
        return tf.cast(tf.cast(tf.constant(value, tf.float32), rounded), tf.float64).numpy()

    def step(image: tf.Variable, gradient: tf.Tensor) -> None:
        nonlocal last
        gradient = gradient.numpy().astype(np.float64)
        if last is not None:
            move, change = stored(last[1]), stored(gradient - last[0])
            if np.vdot(move, change) > 1e-10:
                steps.append(move)
                changes.append(change)
                del steps[:-history], changes[:-history]
        direction = -two_loops(gradient, steps, changes)
        length = rate * (1.0 if last is not None else min(1.0, 1.0 / np.abs(gradient).sum()))
        before = image.numpy()
        image.assign_add(tf.constant(length * direction, tf.float32))
        last = gradient, image.numpy().astype(np.float64) - before

    return step


def two_loops(gradient: np.ndarray, steps: list[np.ndarray], changes: list[np.ndarray]) -> np.ndarray:
    """Nocedal and Wright (2006), algorithm 7.4."""
    product, factors = gradient.copy(), []
    for move, change in zip(reversed(steps), reversed(changes), strict=True):
        factors.append(np.vdot(move, product) / np.vdot(move, change))
        product -= factors[-1] * change
    if steps:
        product *= np.vdot(steps[-1], changes[-1]) / np.vdot(changes[-1], changes[-1])
    for move, change, factor in zip(steps, changes, reversed(factors), strict=True):
        product += (factor - np.vdot(change, product) / np.vdot(move, change)) * move
    return product
