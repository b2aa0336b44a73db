"""L-BFGS against PyTorch's rules, written out in NumPy; `tests.benchmarks.lbfgs_iterates` has PyTorch itself."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from nst_graph.lbfgs import Lbfgs
from nst_graph.optimiser import empty_memory
from tests.nst_graph.reference_optimisers import lbfgs
from tests.nst_graph.test_adam import settings

SHAPE = (6, 7, 3)
START = 100 + 20 * np.random.default_rng(0).standard_normal(SHAPE)
CURVATURES = np.random.default_rng(1).uniform(0.05, 2, SHAPE)
FREE = settings(low=-np.inf, high=np.inf, learning_rate=1.0)


def quartic(image: tf.Tensor) -> tf.Tensor:
    """Convex and not quadratic, its axes of different curvatures and coupled."""
    shifted = (image - 120.0) / 10
    return tf.reduce_sum(CURVATURES.astype(np.float32) * shifted**2 + 0.01 * shifted**4) + tf.reduce_mean(shifted) ** 2


def gradient_of(image: tf.Tensor) -> tf.Tensor:
    with tf.GradientTape() as tape:
        tape.watch(image)
        loss = quartic(image)
    return tape.gradient(loss, image)


def iterates(history: int, ring: tf.DType, count: int = 20) -> list[np.ndarray]:
    optimiser, image = Lbfgs(), tf.constant(START, tf.float32)
    memory = empty_memory(optimiser.sizes(tf.constant(history)), *map(tf.constant, SHAPE[:2]))
    memory = memory._replace(ring=tf.cast(memory.ring, ring))
    images = []
    for _ in range(count):
        image, memory = optimiser.step(image, gradient_of(image), memory, FREE)
        images.append(image.numpy())
    return images


@pytest.mark.parametrize("history", [1, 5, 10, 100])
@pytest.mark.parametrize("ring", [tf.float32, tf.bfloat16], ids=["float32", "bfloat16"])
def test_twenty_iterates_are_those_of_the_plain_two_loops(history, ring):
    step, image = lbfgs(history, rounded=ring), tf.Variable(START.astype(np.float32))
    for found in iterates(history, ring):
        step(image, gradient_of(tf.convert_to_tensor(image)))
        np.testing.assert_allclose(found, image.numpy(), rtol=1e-3)


def test_it_comes_nearer_to_the_minimum_than_it_began():
    assert quartic(tf.constant(iterates(10, tf.bfloat16, 40)[-1])) < 1e-3 * quartic(tf.constant(START, tf.float32))


def test_a_pair_without_curvature_is_not_remembered():
    image = tf.constant(START, tf.float32)
    memory = empty_memory(Lbfgs().sizes(tf.constant(3)), *map(tf.constant, SHAPE[:2]))
    for _ in range(3):  # a plane: the gradient never changes
        image, memory = Lbfgs().step(image, tf.ones(SHAPE), memory, FREE)
    assert memory.numbers[0].numpy() == 0
    assert not tf.cast(memory.ring, tf.float32).numpy().any()


def test_a_shortened_step_leaves_a_tenth_of_it_and_remembers_that():
    image = tf.constant(START, tf.float32)
    memory = empty_memory(Lbfgs().sizes(tf.constant(3)), *map(tf.constant, SHAPE[:2]))
    stepped, memory = Lbfgs().step(image, gradient_of(image), memory, FREE)
    shortened, memory = Lbfgs().shortened(stepped, memory, FREE)
    np.testing.assert_allclose(shortened - image, 0.1 * (stepped - image), atol=1e-4)
    np.testing.assert_allclose(memory.pictures[1], shortened - image, atol=1e-4)
