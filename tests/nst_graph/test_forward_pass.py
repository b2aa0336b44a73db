"""What reaches the pixels of a gradient for feature maps, in every precision."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from nst_graph.canvas import Canvas
from nst_graph.forward_pass import LARGEST_IN_FLOAT16, ForwardPass, loss_scale
from nst_graph.tiles import Tile

SIDE = 8
LAYER = "block1_conv1"
KERNEL = tf.random.stateless_normal([3, 3, 3, 4], seed=(1, 2))


def gradient(of_map: tf.Tensor, dtype: tf.DType) -> np.ndarray:
    """Through a convolution in that precision."""

    def features(picture: tf.Tensor) -> dict[str, tf.Tensor]:
        return {LAYER: tf.nn.conv2d(tf.cast(picture, dtype), tf.cast(KERNEL, dtype), 1, "VALID")}

    corner, size = tf.constant([0, 0]), tf.constant([SIDE, SIDE])
    pixels = tf.random.stateless_uniform([SIDE, SIDE, 3], seed=(3, 4), maxval=255.0)
    canvas = Canvas(pixels, tf.ones([1, 1, 1]), tf.constant(0))
    tile = Tile(corner, size, corner, size)
    forward = ForwardPass(features, pixels, canvas, tile, size, tf.constant(0.0), alone=tf.constant(1))
    return forward.gradient({LAYER: of_map}).numpy()


@pytest.mark.parametrize("factor", [1e6, 1.0, 1e-12], ids=["above float16's range", "within", "below"])
@pytest.mark.parametrize("dtype", [tf.bfloat16, tf.float16])
def test_half_precision_has_the_gradient_of_float32(dtype, factor):
    of_map = factor * tf.random.stateless_normal([1, SIDE, SIDE, 4], seed=(5, 6))
    exact = gradient(of_map, tf.float32)
    np.testing.assert_allclose(gradient(of_map, dtype), exact, rtol=0, atol=2e-2 * np.abs(exact).max())


def test_the_largest_number_is_scaled_to_one_that_float16_can_multiply():
    scale = loss_scale([tf.constant([[-3e7, 1.0]]), tf.constant([2.0])])
    assert scale.numpy() * 3e7 == pytest.approx(LARGEST_IN_FLOAT16)


def test_no_gradient_at_all_stays_none():
    assert not gradient(tf.zeros([1, SIDE, SIDE, 4]), tf.float16).any()
