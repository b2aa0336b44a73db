from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from nst_graph.adam import Adam
from nst_graph.optimiser import Settings, empty_memory
from tests.nst_graph.reference_optimisers import torch_adam


def settings(**changes: float) -> Settings:
    numbers = {"beta_1": 0.9, "beta_2": 0.99, "epsilon": 1e-3, "learning_rate": 4.0, "folded": 1.0}
    numbers |= {"low": 0.0, "high": 255.0, **changes}
    rest = {"rest_1": 1 - numbers["beta_1"], "rest_2": 1 - numbers["beta_2"]}
    return Settings(**{name: tf.constant(value, tf.float32) for name, value in (numbers | rest).items()})


def empty(image: tf.Tensor):
    return empty_memory(Adam().sizes(tf.constant(10)), *tf.unstack(tf.shape(image)[:2]))


@pytest.mark.parametrize("folded", [1.0, 0.0], ids=["keras", "pytorch"])
def test_twenty_updates_equal_those_of_keras_or_pytorch(folded):
    image = tf.random.stateless_uniform([3, 4, 3], seed=[0, 1], minval=100.0, maxval=150.0)  # never clipped
    gradients = tf.random.stateless_normal([20, 3, 4, 3], seed=[2, 3]) * 0.01  # not large against epsilon
    variable, memory = tf.Variable(image), empty(image)
    adam = keras.optimizers.Adam(4.0, 0.9, 0.99, epsilon=1e-3)
    steps = {
        1.0: lambda variable, gradient: adam.apply_gradients([(gradient, variable)]),
        0.0: torch_adam(4.0, 0.9, 0.99, 1e-3),
    }
    for gradient in gradients:
        steps[folded](variable, gradient)
        image, memory = Adam().step(image, gradient, memory, settings(folded=folded))
    np.testing.assert_allclose(image, variable.numpy(), rtol=1e-5, atol=1e-4)
    assert memory.steps.numpy() == 20


def test_the_first_update_is_one_learning_rate_whatever_the_size_of_the_gradient():
    for scale in (1e-3, 1.0, 1e3):
        gradient, grey = scale * tf.constant([[[1.0, -1.0, 2.0]]]), tf.fill([1, 1, 3], 100.0)
        image, _ = Adam().step(grey, gradient, empty(grey), settings(epsilon=1e-9))
        np.testing.assert_allclose(image, [[[96.0, 104.0, 96.0]]], rtol=1e-5)


def test_the_picture_is_clipped_to_its_bounds():
    image = tf.constant([[[1.0, 254.0, 100.0]]])
    stepped, _ = Adam().step(image, tf.constant([[[1.0, -1.0, 1.0]]]), empty(image), settings(epsilon=1e-9))
    np.testing.assert_allclose(stepped, [[[0.0, 255.0, 96.0]]], rtol=1e-5)


def test_a_shortened_step_leaves_a_tenth_of_it():
    image, gradient = tf.fill([2, 2, 3], 100.0), tf.random.stateless_normal([2, 2, 3], [1, 2])
    stepped, memory = Adam().step(image, gradient, empty(image), settings())
    shortened, _ = Adam().shortened(stepped, memory, settings())
    np.testing.assert_allclose(shortened - image, 0.1 * (stepped - image), rtol=1e-3, atol=1e-4)


def test_at_another_size_the_variance_is_never_negative():
    image, gradient = tf.fill([32, 40, 3], 100.0), tf.random.stateless_normal([32, 40, 3], [1, 2]) ** 5
    _, memory = Adam().step(image, gradient, empty(image), settings())
    carried = Adam().carried(memory, tf.constant(45), tf.constant(57))
    assert carried.pictures.shape == [2, 45, 57, 3]
    assert carried.steps.numpy() == 1
    assert tf.reduce_min(carried.pictures[1]).numpy() >= 0
