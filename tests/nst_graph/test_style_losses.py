from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from nst_graph.matrix_root import square_root, trace_of_root
from nst_graph.moments import Moments, moments
from nst_graph.style_losses import STYLE_LOSSES, VARIANCE_FLOOR, style_loss, style_targets

KINDS = pytest.mark.parametrize("kind", STYLE_LOSSES)
UNIT = tf.constant(1.0)
CURRENT = 1.0 + tf.random.stateless_normal([1, 8, 9, 6], [1, 2])
STYLE = 2.0 + 1.5 * tf.random.stateless_normal([1, 7, 5, 6], [3, 4])


def loss(kind: str, current: tf.Tensor, style: tf.Tensor) -> tf.Tensor:
    return loss_and_gradient(kind, current, style)[0]


def loss_and_gradient(kind: str, current: tf.Tensor, style: tf.Tensor) -> tuple[tf.Tensor, Moments]:
    """For the moments of `current`."""
    index = tf.constant(list(STYLE_LOSSES).index(kind))
    targets = style_targets(index, UNIT, [moments(style)])
    value, [gradient] = style_loss(index, UNIT, [moments(current)], targets, tf.constant([1.0]), [tf.constant([1.0])])
    return value, gradient


def root(matrix: np.ndarray) -> np.ndarray:
    """By eigenvalues."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(values)) @ vectors.T


def expected(kind: str, current: tf.Tensor, style: tf.Tensor) -> float:
    """From the definition, in float64."""
    one, other = (features.numpy().reshape(-1, 6).astype(np.float64) for features in (current, style))
    gram, wanted = one.T @ one / len(one), other.T @ other / len(other)
    means = one.mean(axis=0) - other.mean(axis=0)
    covariance, goal = (np.cov(rows, rowvar=False, bias=True) for rows in (one, other))
    floored, floored_goal = (matrix + VARIANCE_FLOOR * np.eye(6) for matrix in (covariance, goal))
    between = root(root(floored_goal) @ floored @ root(floored_goal))
    distance = np.sum(means**2) + np.trace(floored + floored_goal - 2 * between)
    return {
        "gram": np.mean((gram - wanted) ** 2),
        "gram-relative": np.sum((gram - wanted) ** 2) / np.sum(wanted**2),
        "moments": np.mean(means**2) + np.mean((covariance - goal) ** 2),
        "moments-relative": np.sum(means**2) / np.sum(other.mean(axis=0) ** 2)
        + np.sum((covariance - goal) ** 2) / np.sum(goal**2),
        "wasserstein": distance / 6,
        "wasserstein-relative": distance / np.trace(wanted),
    }[kind]


@KINDS
def test_it_is_what_its_definition_says(kind):
    assert loss(kind, CURRENT, STYLE).numpy() == pytest.approx(expected(kind, CURRENT, STYLE), rel=1e-4)


@KINDS
def test_a_style_is_no_distance_from_itself(kind):
    assert loss(kind, STYLE, STYLE).numpy() == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("kind", [kind for kind in STYLE_LOSSES if kind.endswith("relative")])
def test_a_relative_loss_has_no_unit(kind):
    once, scaled = loss(kind, CURRENT, STYLE), loss(kind, 100 * CURRENT, 100 * STYLE)
    assert scaled.numpy() == pytest.approx(once.numpy(), rel=1e-3)


@KINDS
def test_a_flat_style_and_a_flat_picture_give_finite_losses_and_gradients(kind):
    for current, style in ((CURRENT, tf.zeros_like(STYLE)), (tf.zeros_like(CURRENT), STYLE), (CURRENT, 0 * STYLE + 3)):
        value, gradient = loss_and_gradient(kind, current, style)
        assert np.isfinite(value)
        assert all(np.isfinite(part).all() for part in gradient)


def test_the_covariance_of_a_flat_style_counts_as_a_hundredth_of_its_gram_matrix():
    """Else the rounding errors in it would be the measure, and no mean would count."""
    rows = CURRENT.numpy().reshape(-1, 6)
    mean = np.sum((rows.mean(axis=0) - 3) ** 2) / (6 * 3**2)
    covariance = np.sum(np.cov(rows, rowvar=False, bias=True) ** 2) / (0.01 * (6 * 3**2) ** 2)
    assert loss("moments-relative", CURRENT, 0 * STYLE + 3).numpy() == pytest.approx(mean + covariance, rel=1e-4)


def positive(size: int, least: float) -> np.ndarray:
    """A random symmetric matrix with eigenvalues from `least` to 1."""
    orthogonal, _ = np.linalg.qr(np.random.default_rng(size).standard_normal((size, size)))
    return (orthogonal * np.geomspace(least, 1, size)) @ orthogonal.T


@pytest.mark.parametrize("size", [1, 4, 32])
def test_a_root_is_that_by_eigenvalues(size):
    matrix = positive(size, 0.01)
    np.testing.assert_allclose(square_root(tf.constant(matrix[None], tf.float32))[0], root(matrix), atol=1e-4)


def test_the_gradient_of_a_roots_trace_is_half_the_inverse_root():
    matrix = positive(8, 0.05)
    variable = tf.constant(matrix[None], tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(variable)
        trace = trace_of_root(variable)
    assert trace.numpy()[0] == pytest.approx(np.trace(root(matrix)), rel=1e-5)
    np.testing.assert_allclose(tape.gradient(trace, variable)[0], np.linalg.inv(root(matrix)) / 2, rtol=1e-2, atol=1e-2)


@KINDS
def test_the_loss_of_regions_is_the_sum_of_theirs_by_their_shares(kind):
    index = tf.constant(list(STYLE_LOSSES).index(kind))
    halves = np.zeros([72, 2], np.float32)
    halves[:36, 0] = halves[36:, 1] = 1 / 36
    current = moments(CURRENT, tf.constant(halves))
    targets = style_targets(index, UNIT, [moments(STYLE)])
    found, _ = style_loss(index, UNIT, [current], targets, tf.constant([1.0]), [tf.constant([0.25, 0.75])])
    each = [loss(kind, half, STYLE) for half in (CURRENT[:, :4], CURRENT[:, 4:])]
    assert found.numpy() == pytest.approx(0.25 * each[0].numpy() + 0.75 * each[1].numpy(), rel=1e-3)
