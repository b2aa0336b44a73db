"""One step of each optimiser, and what is left of it where it was too long."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from nst_graph.optimiser import empty_memory
from nst_graph.presets import PRESETS
from nst_graph.recipe import OPTIMIZERS, Recipe
from nst_graph.stepping import Stepping, memory_sizes

START = tf.fill([2, 2, 3], 100.0)


def stepping(optimizer: str, rate: float) -> tuple[Stepping, Recipe]:
    options = {"preset": "eager", "optimizer": optimizer, "history": 3, "learning_rate": rate}
    recipe = Recipe(PRESETS, {name: tf.constant(value) for name, value in options.items()})
    return Stepping(recipe, tf.constant(1)), recipe


def stepped(optimizer: str):
    """After a step of 10 levels: image, memory and what made it."""
    stepper, recipe = stepping(optimizer, 10.0 if optimizer != "lbfgs" else 120.0)
    memory = empty_memory(memory_sizes(recipe), tf.constant(2), tf.constant(2))
    gradient = -1e6 if optimizer == "adam" else -1.0  # far above epsilon
    image, memory = stepper.step(START, tf.fill([2, 2, 3], gradient), memory)
    np.testing.assert_allclose(image, 110.0, rtol=1e-5)
    return image, memory, stepper


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_step_that_is_attempted_again_is_cut_to_a_tenth(optimizer):
    image, memory, stepper = stepped(optimizer)
    image, memory = stepper.attempted(image, memory, tf.constant(1))
    np.testing.assert_allclose(image, 101.0, rtol=1e-5)
    assert memory.steps.numpy() == 1


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_otherwise_it_stays(optimizer):
    image, memory, stepper = stepped(optimizer)
    np.testing.assert_array_equal(stepper.attempted(image, memory, tf.constant(0))[0], image)
