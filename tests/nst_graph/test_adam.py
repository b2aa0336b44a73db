from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from nst_graph.adam import adam_start, adam_update


def test_twenty_updates_equal_those_of_keras():
    image = tf.random.stateless_uniform([3, 4, 3], seed=[0, 1], maxval=255.0)
    gradients = tf.random.stateless_normal([20, 3, 4, 3], seed=[2, 3])
    numbers = {"beta_1": 0.9, "beta_2": 0.99, "epsilon": 1e-3}
    variable = tf.Variable(image)
    adam = keras.optimizers.Adam(learning_rate=4.0, **numbers)
    state = adam_start(image)
    for gradient in gradients:
        adam.apply_gradients([(gradient, variable)])
        update, state = adam_update(gradient, state, learning_rate=tf.constant(4.0), **numbers)
        image = image - update
    np.testing.assert_allclose(image, variable.numpy(), rtol=1e-5, atol=1e-4)
    assert state.updates.numpy() == 20


def test_the_first_update_is_one_learning_rate_whatever_the_size_of_the_gradient():
    for scale in (1e-3, 1.0, 1e3):
        gradient = scale * tf.constant([[[1.0, -1.0, 2.0]]])
        update, _ = adam_update(
            gradient, adam_start(gradient), learning_rate=tf.constant(4.0), beta_1=0.9, beta_2=0.99, epsilon=1e-9
        )
        np.testing.assert_allclose(update, [[[4.0, -4.0, 4.0]]], rtol=1e-4)
