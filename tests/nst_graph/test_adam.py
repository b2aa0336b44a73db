from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from nst_graph.adam import Adam


def test_twenty_updates_equal_those_of_keras():
    image = tf.random.stateless_uniform([3, 4, 3], seed=[0, 1], minval=100.0, maxval=150.0)  # never clipped
    gradients = tf.random.stateless_normal([20, 3, 4, 3], seed=[2, 3])
    numbers = {"beta_1": 0.9, "beta_2": 0.99, "epsilon": 1e-3}
    variable = tf.Variable(image)
    adam = keras.optimizers.Adam(learning_rate=4.0, **numbers)
    optimiser = Adam(**numbers)
    state = optimiser.start(image)
    for gradient in gradients:
        adam.apply_gradients([(gradient, variable)])
        image, state = optimiser.step(image, gradient, state, tf.constant(4.0))
    np.testing.assert_allclose(image, variable.numpy(), rtol=1e-5, atol=1e-4)
    assert state.updates.numpy() == 20


def test_the_first_update_is_one_learning_rate_whatever_the_size_of_the_gradient():
    for scale in (1e-3, 1.0, 1e3):
        gradient = scale * tf.constant([[[1.0, -1.0, 2.0]]])
        optimiser, grey = Adam(beta_1=0.9, beta_2=0.99, epsilon=1e-9), tf.fill([1, 1, 3], 100.0)
        image, _ = optimiser.step(grey, gradient, optimiser.start(grey), tf.constant(4.0))
        np.testing.assert_allclose(image, [[[96.0, 104.0, 96.0]]], rtol=1e-5)


def test_the_picture_is_clipped_to_the_range_of_pixels():
    optimiser, image = Adam(beta_1=0.9, beta_2=0.99, epsilon=1e-9), tf.constant([[[1.0, 254.0, 100.0]]])
    image, _ = optimiser.step(image, tf.constant([[[1.0, -1.0, 1.0]]]), optimiser.start(image), tf.constant(4.0))
    np.testing.assert_allclose(image, [[[0.0, 255.0, 96.0]]], rtol=1e-5)
