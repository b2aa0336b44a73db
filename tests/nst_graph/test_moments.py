from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from nst_graph.evaluation import relative_error
from nst_graph.moments import gram_matrix, moments, sum_of_rows


@pytest.fixture
def features():
    return tf.random.stateless_normal([1, 5, 7, 4], seed=[1, 2])


def test_gram_matrices_are_the_mean_over_positions_of_outer_products(features):
    rows = features.numpy().reshape(-1, 4)
    expected = np.mean([np.outer(row, row) for row in rows], axis=0)
    for gram in (gram_matrix(features), moments(features).gram[0]):
        np.testing.assert_allclose(gram, expected, rtol=1e-6, atol=1e-6)


def test_the_moments_gram_matrix_is_symmetric(features):
    gram = moments(features).gram[0].numpy()
    np.testing.assert_array_equal(gram, gram.T)


def test_the_covariance_is_numpys(features):
    expected = np.cov(features.numpy().reshape(-1, 4), rowvar=False, bias=True)
    np.testing.assert_allclose(moments(features).covariance[0], expected, rtol=1e-5, atol=1e-6)


def test_moments_in_a_unit_are_those_of_features_divided_by_it(features):
    expected, found = moments(features / 4.0), moments(features).in_unit(tf.constant(4.0))
    np.testing.assert_allclose(found.mean, expected.mean, rtol=1e-6)
    np.testing.assert_allclose(found.gram, expected.gram, rtol=1e-6)


@pytest.mark.parametrize("repeats", [(1, 2), (3, 1), (4, 5)])
def test_moments_do_not_depend_on_image_size_for_a_tiled_texture(features, repeats):
    for tiled, once in zip(moments(tf.tile(features, [1, *repeats, 1])), moments(features), strict=True):
        np.testing.assert_allclose(tiled, once, rtol=1e-5, atol=1e-6)


def test_gram_matrices_of_half_precision_features_do_not_overflow():
    features = tf.fill([1, 64, 64, 2], tf.constant(1000, tf.float16))
    for gram in (gram_matrix(features), moments(features).gram[0]):
        np.testing.assert_array_equal(gram, np.full((2, 2), 1e6, np.float32))


def test_the_moments_gram_matrix_has_the_gradient_of_the_plain_product_for_any_upstream_gradient(features):
    upstream = tf.random.stateless_normal([4, 4], seed=[3, 4])  # not symmetric
    gradients = []
    for function in (lambda features: moments(features).gram[0], gram_matrix):
        with tf.GradientTape() as tape:
            tape.watch(features)
            value = tf.reduce_sum(function(features) * upstream)
        gradients.append(tape.gradient(value, features))
    np.testing.assert_allclose(*gradients, rtol=1e-5, atol=1e-6)


def test_relative_error_has_no_unit():
    value, target = tf.constant([3.0, 0.0]), tf.constant([0.0, 4.0])
    assert relative_error(value, target).numpy() == 25 / 16
    assert relative_error(1000 * value, 1000 * target).numpy() == 25 / 16


def test_relative_error_to_nothing_is_nothing():
    assert relative_error(tf.ones([3]), tf.zeros([3])).numpy() == 0


def test_a_sum_over_two_million_positions_is_right_to_a_hundred_thousandth():
    """Equal numbers are the worst: added one after the other they lose the same digits each time."""
    rows = np.zeros((2_000_000, 2), np.float32)
    rows[:1_000_000, 0], rows[500_000:, 1] = 1e-6, 0.8e-6
    np.testing.assert_allclose(sum_of_rows(tf.constant(rows)), rows.sum(axis=0, dtype=np.float64), rtol=1e-5)
