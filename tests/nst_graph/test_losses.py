from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from nst_graph.losses import gram_matrix, relative_error, squared_error, total_variation


@pytest.fixture
def features():
    return tf.random.stateless_normal([1, 5, 7, 4], seed=[1, 2])


def test_gram_matrix_is_the_mean_over_positions_of_outer_products(features):
    rows = features.numpy().reshape(-1, 4)
    expected = np.mean([np.outer(row, row) for row in rows], axis=0)
    np.testing.assert_allclose(gram_matrix(features), expected, rtol=1e-6, atol=1e-6)


def test_gram_matrix_is_symmetric(features):
    gram = gram_matrix(features).numpy()
    np.testing.assert_array_equal(gram, gram.T)


@pytest.mark.parametrize("repeats", [(1, 2), (3, 1), (4, 5)])
def test_gram_matrix_does_not_depend_on_image_size_for_a_tiled_texture(features, repeats):
    tiled = tf.tile(features, [1, *repeats, 1])
    np.testing.assert_allclose(gram_matrix(tiled), gram_matrix(features), rtol=1e-5, atol=1e-6)


def test_gram_matrix_of_half_precision_features_does_not_overflow():
    features = tf.fill([1, 64, 64, 2], tf.constant(1000, tf.float16))
    np.testing.assert_array_equal(gram_matrix(features), np.full((2, 2), 1e6, np.float32))


def test_gram_matrix_has_the_gradient_of_the_plain_product_for_any_upstream_gradient(features):
    upstream = tf.random.stateless_normal([4, 4], seed=[3, 4])  # not symmetric

    def plain(features: tf.Tensor) -> tf.Tensor:
        rows = tf.reshape(features, [-1, 4])
        return tf.matmul(rows, rows, transpose_a=True) / 35

    gradients = []
    for function in (gram_matrix, plain):
        with tf.GradientTape() as tape:
            tape.watch(features)
            value = tf.reduce_sum(function(features) * upstream)
        gradients.append(tape.gradient(value, features))
    np.testing.assert_allclose(*gradients, rtol=1e-5, atol=1e-6)


def test_squared_error_is_a_mean():
    assert squared_error(tf.constant([1.0, 2.0]), tf.constant([1.0, 5.0])).numpy() == 4.5


def test_relative_error_has_no_unit():
    value, target = tf.constant([3.0, 0.0]), tf.constant([0.0, 4.0])
    assert relative_error(value, target).numpy() == 25 / 16
    assert relative_error(1000 * value, 1000 * target).numpy() == 25 / 16


def test_relative_error_to_nothing_is_nothing():
    assert relative_error(tf.ones([3]), tf.zeros([3])).numpy() == 0


def test_total_variation_of_a_constant_picture_is_zero():
    assert total_variation(tf.fill([8, 9, 3], 77.0)).numpy() == 0


def test_total_variation_of_a_checkerboard_is_one():
    checkerboard = np.indices((8, 9)).sum(axis=0) % 2 * 255.0
    image = tf.constant(np.repeat(checkerboard[..., None], 3, axis=-1), tf.float32)
    assert total_variation(image).numpy() == 1


def test_total_variation_counts_down_and_across_alike():
    stripes = tf.constant(np.tile((np.arange(8) % 2 * 255.0)[:, None, None], (1, 8, 3)), tf.float32)
    assert total_variation(stripes).numpy() == total_variation(tf.transpose(stripes, [1, 0, 2])).numpy() == 0.5
