from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from nst_graph.loop import decay, loop_start, optimise
from nst_graph.objective import Losses, Objective


def bowl(image: tf.Tensor) -> Losses:
    """A loss whose minimum is the grey picture 100."""
    total = tf.reduce_mean(tf.square(image - 100.0))
    zero = tf.constant(0.0)
    return Losses(total, total, zero, zero)


def run(losses_of, state, iterations, preset, learning_rate=4.0, **options):
    return optimise(
        losses_of,
        state,
        iterations=tf.constant(iterations),
        learning_rate=tf.constant(learning_rate),
        preset=preset,
        **options,
    )


def test_it_finds_the_minimum(preset):
    start = loop_start(tf.fill([8, 8, 3], 180.0), preset)
    state, losses = run(
        bowl, start, 600, preset._replace(optimiser=preset.optimiser._replace(beta_1=0.9), decay_iterations=50.0)
    )
    np.testing.assert_allclose(state.image, 100.0, atol=1)
    assert losses.shape == [600, 4]


def test_losses_belong_to_the_picture_before_its_update(preset):
    start = loop_start(tf.fill([8, 8, 3], 180.0), preset)
    once, _ = run(bowl, start, 1, preset)
    _, losses = run(bowl, start, 2, preset)
    assert losses[0, 0].numpy() == 80**2
    np.testing.assert_allclose(losses[1, 0], bowl(once.image).total, rtol=1e-6)


def test_the_picture_never_leaves_the_range_of_pixels(preset):
    def brightness(image: tf.Tensor) -> Losses:
        total = -tf.reduce_sum(image)
        return Losses(total, total, total, total)

    state, _ = run(brightness, loop_start(tf.fill([8, 8, 3], 250.0), preset), 20, preset, learning_rate=50.0)
    np.testing.assert_array_equal(state.image, np.full((8, 8, 3), 255.0))


def test_one_iteration_is_done_however_late_it_is(preset):
    start = loop_start(tf.fill([8, 8, 3], 180.0), preset)
    state, losses = run(bowl, start, 9, preset, ends_at=tf.constant(0.0, tf.float64))
    once, once_losses = run(bowl, start, 1, preset)
    np.testing.assert_array_equal(state.image, once.image)
    np.testing.assert_array_equal(losses, once_losses)


def test_an_end_that_is_far_away_changes_nothing(preset):
    start = loop_start(tf.fill([8, 8, 3], 180.0), preset)
    state, losses = run(bowl, start, 9, preset, ends_at=tf.timestamp() + 1e6)
    whole, whole_losses = run(bowl, start, 9, preset)
    np.testing.assert_array_equal(state.image, whole.image)
    np.testing.assert_array_equal(losses, whole_losses)


@pytest.mark.parametrize("first", [1, 4, 9])
def test_a_run_may_be_split_anywhere_without_changing_a_bit(network, preset, content, style, first):
    objective = Objective(network, preset)
    content, style = tf.constant(content, tf.float32), tf.constant(style, tf.float32)
    options = {name: tf.constant(value) for name, value in preset.defaults.items()}

    @tf.function
    def iterate(state, iterations):
        targets = objective.targets(content, style)
        return optimise(
            lambda image: objective.losses(image, targets, options),
            state,
            iterations=iterations,
            learning_rate=options["learning_rate"],
            preset=preset,
        )

    whole, losses = iterate(loop_start(content, preset), tf.constant(10))
    half, first_losses = iterate(loop_start(content, preset), tf.constant(first))
    state, last_losses = iterate(half, tf.constant(10 - first))
    np.testing.assert_array_equal(state.image, whole.image)
    np.testing.assert_array_equal(tf.concat([first_losses, last_losses], axis=0), losses)


def test_the_learning_rate_decays_with_the_updates_made(preset):
    preset = preset._replace(decay_iterations=10.0)
    assert decay(tf.constant(0), preset).numpy() == 1
    assert decay(tf.constant(30), preset).numpy() == pytest.approx(0.5)


def test_an_infinite_decay_keeps_the_learning_rate(preset):
    assert decay(tf.constant(10_000), preset._replace(decay_iterations=float("inf"))).numpy() == 1
