"""A step that makes the loss infinite is shortened, once."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from nst_graph.objective import Losses
from nst_graph.optimiser import empty_memory
from nst_graph.presets import PRESETS
from nst_graph.recipe import OPTIMIZERS, Recipe
from nst_graph.stepping import Attempt, Stepping, attempt, memory_sizes

START = tf.fill([2, 2, 3], 100.0)


def stepping(optimizer: str, rate: float) -> tuple[Stepping, Recipe]:
    options = {"preset": "eager", "optimizer": optimizer, "history": 3, "learning_rate": rate}
    recipe = Recipe(PRESETS, {name: tf.constant(value) for name, value in options.items()})
    return Stepping(recipe, tf.constant(1)), recipe


def falling_to(edge: float):
    """A loss that falls with the brightness as far as `edge`; it is infinite beyond."""

    def losses_of(image: tf.Tensor) -> Losses:
        total = tf.where(tf.reduce_max(image) <= edge, -tf.reduce_sum(image), float("inf"))
        return Losses(total, total, total, total)

    return losses_of


def evaluated(edge: float, image, memory, stepper) -> Attempt:
    """As the loop does it."""
    first = attempt(falling_to(edge), image, memory, stepper, tf.constant(False))
    return first if first.usable else attempt(falling_to(edge), image, memory, stepper, tf.constant(True))


def stepped(optimizer: str):
    """After a step of 10 levels: image, memory and what made it."""
    stepper, recipe = stepping(optimizer, 10.0 if optimizer != "lbfgs" else 120.0)
    memory = empty_memory(memory_sizes(recipe), tf.constant(2), tf.constant(2))
    gradient = -1e6 if optimizer == "adam" else -1.0  # far above epsilon
    image, memory = stepper.step(START, tf.fill([2, 2, 3], gradient), memory)
    np.testing.assert_allclose(image, 110.0, rtol=1e-5)
    return image, memory, stepper


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_step_beyond_the_edge_is_cut_to_a_tenth(optimizer):
    image, memory, stepper = stepped(optimizer)
    image, memory, losses, gradient, _ = evaluated(105.0, image, memory, stepper)
    np.testing.assert_allclose(image, 101.0, rtol=1e-5)
    assert losses.total.numpy() == pytest.approx(-12 * 101.0)
    np.testing.assert_allclose(gradient, -1.0)
    assert memory.steps.numpy() == 1


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_step_within_it_stays(optimizer):
    image, memory, stepper = stepped(optimizer)
    np.testing.assert_array_equal(evaluated(200.0, image, memory, stepper).image, image)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_run_whose_shortened_step_is_too_long_as_well_has_diverged(optimizer):
    image, memory, stepper = stepped(optimizer)
    assert np.isinf(evaluated(100.5, image, memory, stepper).losses.total)
