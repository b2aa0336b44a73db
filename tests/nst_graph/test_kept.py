from __future__ import annotations

import numpy as np
import tensorflow as tf

from nst_graph.kept import kept_from
from nst_graph.presets import PRESETS
from nst_graph.recipe import Recipe

PICTURES = [tf.constant(value, tf.float32, [2, 2, 3]) for value in (10.0, 20.0, 40.0, 30.0)]


def recipe(average: float = 0.0, keep: str = "last") -> Recipe:
    options = {"preset": tf.constant("nst"), "average": tf.constant(average), "keep": tf.constant(keep)}
    return Recipe(PRESETS, options)


def test_the_average_is_corrected_for_its_beginning():
    """By hand: (0.1, 0.09 ...) weights of decay 0.9, oldest first, divided by their sum."""
    options = recipe(average=0.9)
    kept = kept_from(PICTURES[0], options)
    for image in PICTURES[1:]:
        kept = kept.stepped(image, options)
    weights = np.array([0.9**3, 0.9**2, 0.9, 1])
    expected = np.sum(weights * [10, 20, 40, 30]) / weights.sum()
    np.testing.assert_allclose(
        kept.result(PICTURES[-1], tf.constant(3), options), expected * np.ones((2, 2, 3)), rtol=1e-5
    )


def test_the_average_of_one_picture_is_that_picture():
    options = recipe(average=0.99)
    result = kept_from(PICTURES[0], options).result(PICTURES[0], tf.constant(0), options)
    np.testing.assert_allclose(result, PICTURES[0], rtol=1e-5)


def test_the_best_picture_is_the_one_whose_loss_was_the_smallest():
    options = recipe(keep="best")
    kept = kept_from(PICTURES[0], options)
    for image, loss in zip(PICTURES, (3.0, 1.0, 2.0, float("nan")), strict=True):
        kept = kept.seen(image, tf.constant(loss), options)
    np.testing.assert_array_equal(kept.result(PICTURES[-1], tf.constant(3), options), PICTURES[1])
    assert kept.loss.numpy() == 1.0


def test_a_run_that_wants_the_last_picture_keeps_none():
    options = recipe()
    kept = kept_from(PICTURES[0], options)
    assert kept.picture.shape == [0, 2, 3]
    np.testing.assert_array_equal(kept.result(PICTURES[2], tf.constant(3), options), PICTURES[2])
