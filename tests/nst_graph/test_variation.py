from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from nst_graph.variation import VARIATIONS, absolute, power, squares, squares_in_less_memory, stencil

KINDS = pytest.mark.parametrize("kind", VARIATIONS.values(), ids=list(VARIATIONS))
STRIPES = tf.constant(np.tile((np.arange(8) % 2 * 255.0)[:, None, None], (1, 8, 3)), tf.float32)


@KINDS
def test_a_constant_picture_has_none(kind):
    assert kind(tf.fill([8, 9, 3], 77.0)).numpy() == 0


@KINDS
def test_down_and_across_count_alike(kind):
    assert kind(STRIPES).numpy() == pytest.approx(kind(tf.transpose(STRIPES, [1, 0, 2])).numpy(), rel=1e-6)
    assert kind(STRIPES).numpy() > 0


def test_squares_of_a_checkerboard_are_one_and_of_stripes_a_half():
    checkerboard = np.indices((8, 9)).sum(axis=0) % 2 * 255.0
    image = tf.constant(np.repeat(checkerboard[..., None], 3, axis=-1), tf.float32)
    assert squares(image).numpy() == 1
    assert squares(STRIPES).numpy() == 0.5


def test_the_gradient_that_is_written_out_is_autodiffs():
    image = tf.random.stateless_uniform([7, 9, 3], [1, 2], maxval=255.0)
    gradients = []
    for kind in (squares, squares_in_less_memory):
        with tf.GradientTape() as tape:
            tape.watch(image)
            value = 3.0 * kind(image)
        gradients.append(tape.gradient(value, image))
    np.testing.assert_allclose(*gradients, rtol=1e-5, atol=1e-9)


def test_absolute_is_tensorflows_own():
    image = tf.random.stateless_uniform([7, 9, 3], [1, 2], maxval=255.0)
    np.testing.assert_allclose(absolute(image), tf.image.total_variation(image), rtol=1e-6)


def test_power_of_a_single_step_is_known():
    image = tf.constant([[[0.0], [3.0]], [[4.0], [9.0]]])  # the last row and column have no difference of their own
    assert power(image).numpy() == pytest.approx(25**1.25)


def test_the_stencil_of_stripes_is_known():
    """Seven of eight rows differ from the next; of nine rows of diagonals, seven, with all nine columns."""
    straight, diagonal = 7 / 8 / 3, 2 * 7 / 9 / 12
    assert stencil(STRIPES).numpy() == pytest.approx(2 * (straight + diagonal), rel=1e-6)
