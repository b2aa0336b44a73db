from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from nst_graph.convolution import HALVED_FROM, convolved, max_pool_gradient


def normal(*shape: int, seed: int = 0) -> tf.Tensor:
    return tf.random.stateless_normal(shape, [seed, 7])


def plain(features, kernel, bias, padding, *, pooled):
    """What `convolved` is said to be, with TensorFlow's own gradients."""
    made = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(features, kernel, 1, padding), bias))
    return tf.nn.max_pool2d(made, 2, 2, "VALID") if pooled else made


def value_and_gradient(function, features, *rest, **how):
    with tf.GradientTape() as tape:
        tape.watch(features)
        value = function(features, *rest, **how)
    upstream = tf.cast(normal(*value.shape, seed=9), value.dtype)
    return value, tape.gradient(value, features, output_gradients=upstream)


@pytest.mark.parametrize("channels", [3, HALVED_FROM], ids=["few channels", "in halves"])
@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize("pooled", [False, True], ids=["alone", "pooled"])
@pytest.mark.parametrize(("height", "width"), [(4, 6), (5, 7), (11, 6)])
def test_it_is_tensorflows_convolution_relu_and_pool_with_their_gradient(channels, padding, pooled, height, width):
    arguments = normal(1, height, width, channels), normal(3, 3, channels, 8, seed=1), normal(8, seed=2), padding
    found, expected = (value_and_gradient(function, *arguments, pooled=pooled) for function in (convolved, plain))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("dtype", [tf.float32, tf.bfloat16, tf.float16])
@pytest.mark.parametrize(("height", "width"), [(4, 6), (5, 7), (2, 9)])
def test_the_first_of_equal_maxima_has_all_of_a_pools_gradient(dtype, height, width):
    """Flat parts of a picture have nothing else, and so have features with few digits."""
    features = tf.cast(tf.round(normal(1, height, width, 3)), dtype)
    pooled, gradient = value_and_gradient(tf.nn.max_pool2d, features, 2, 2, "VALID")
    upstream = tf.cast(normal(*pooled.shape, seed=9), dtype)
    np.testing.assert_array_equal(max_pool_gradient(features, pooled, upstream), gradient)


def test_two_rows_are_the_fewest_that_are_halved():
    arguments = normal(1, 2, 3, HALVED_FROM), normal(3, 3, HALVED_FROM, 4, seed=1), normal(4, seed=2), "SAME"
    found = convolved(*arguments, pooled=False)
    np.testing.assert_allclose(found, plain(*arguments, pooled=False), rtol=1e-4, atol=1e-4)
