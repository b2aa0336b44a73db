"""The loop alone, on losses whose minimum is known."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from nst_graph.kept import kept_from
from nst_graph.loop import Levels, LoopState, optimise
from nst_graph.objective import Losses
from nst_graph.optimiser import empty_memory
from nst_graph.presets import PRESETS
from nst_graph.recipe import OPTIMIZERS, Recipe
from nst_graph.stepping import memory_sizes

RATES = {"adam": 4.0, "lbfgs": 1.0, "sgd": 20.0}
PRESET = PRESETS["eager"]._replace(adam=PRESETS["eager"].adam._replace(beta_1=0.9), decay_iterations=50.0)


@pytest.fixture(params=OPTIMIZERS)
def recipe(request) -> Recipe:
    return recipe_of(request.param, RATES[request.param])


def recipe_of(optimizer: str, learning_rate: float) -> Recipe:
    options = {"preset": "eager", "optimizer": optimizer, "history": 3, "learning_rate": learning_rate}
    options |= {"average": 0.0, "keep": "last"}
    return Recipe({"eager": PRESET}, {name: tf.constant(value) for name, value in options.items()})


def bowl(image: tf.Tensor) -> Losses:
    """A loss whose minimum is the grey picture 100."""
    total = tf.reduce_mean(tf.square(image - 100.0))
    zero = tf.constant(0.0)
    return Losses(total, total, zero, zero)


def grey(level: float, recipe: Recipe) -> LoopState:
    """The state before the first iteration: 8 x 8 pixels of one grey."""
    image = tf.fill([8, 8, 3], level)
    memory = empty_memory(memory_sizes(recipe), tf.constant(8), tf.constant(8))
    return LoopState(image, tf.constant(0), kept_from(image, recipe), memory)


def at_one_visit(losses_of) -> dict:
    """What `Levels` needs of a loss that is known after one visit."""

    def losses(image: tf.Tensor, _: tf.Tensor) -> tuple[Losses, tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(image)
            found = losses_of(image)
        return found, tape.gradient(found.total, image)

    return {"visit": lambda _, traversed: (traversed, tf.constant(1)), "losses": losses}


def run(losses_of, state: LoopState, iterations: int, recipe: Recipe, **options) -> tuple[LoopState, tf.Tensor]:
    """At one size."""
    levels = Levels(
        of=lambda _: tf.constant(0),
        begin=lambda _, state: ((), state),
        complete=lambda _: tf.constant(0),
        next_picture=lambda _, traversed: traversed,
        specs=(),
        **at_one_visit(losses_of),
    )
    return optimise(levels, state, iterations=tf.constant(iterations), recipe=recipe, **options)


def test_it_finds_the_minimum(recipe):
    state, losses = run(bowl, grey(180.0, recipe), 150, recipe)
    np.testing.assert_allclose(state.image, 100.0, atol=1)
    assert losses.shape == [150, 4]
    assert state.iteration.numpy() == 150


def test_losses_belong_to_the_picture_before_its_update(recipe):
    once, _ = run(bowl, grey(180.0, recipe), 1, recipe)
    _, losses = run(bowl, grey(180.0, recipe), 2, recipe)
    assert losses[0, 0].numpy() == 80**2
    np.testing.assert_allclose(losses[1, 0], bowl(once.image).total, rtol=1e-6)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_picture_never_leaves_the_range_of_pixels(optimizer):
    def brightness(image: tf.Tensor) -> Losses:
        total = -tf.reduce_sum(image)
        return Losses(total, total, total, total)

    recipe = recipe_of(optimizer, 50.0)
    state, _ = run(brightness, grey(250.0, recipe), 20, recipe)
    np.testing.assert_array_equal(state.image, np.full((8, 8, 3), 255.0))


def test_one_iteration_is_done_however_late_it_is(recipe):
    state, losses = run(bowl, grey(180.0, recipe), 9, recipe, ends_at=tf.constant(0.0, tf.float64))
    once, once_losses = run(bowl, grey(180.0, recipe), 1, recipe)
    np.testing.assert_array_equal(state.image, once.image)
    np.testing.assert_array_equal(losses, once_losses)


def test_an_end_that_is_far_away_changes_nothing(recipe):
    state, losses = run(bowl, grey(180.0, recipe), 9, recipe, ends_at=tf.timestamp() + 1e6)
    whole, whole_losses = run(bowl, grey(180.0, recipe), 9, recipe)
    np.testing.assert_array_equal(state.image, whole.image)
    np.testing.assert_array_equal(losses, whole_losses)


def test_each_level_begins_once_goes_on_to_each_picture_once_and_goes_on_with_the_state(recipe):
    begun, followed = [], []

    def begin(level: tf.Tensor, state: LoopState) -> tuple[tf.Tensor, LoopState]:
        begun.append((int(level), int(state.iteration)))
        return tf.constant(2), state  # pictures to go

    def level_of(iteration: tf.Tensor) -> tf.Tensor:
        return tf.cast(iteration >= 4, tf.int32) + tf.cast(iteration >= 7, tf.int32)

    def next_picture(level: tf.Tensor, traversed: tf.Tensor) -> tf.Tensor:
        followed.append((int(level), int(traversed)))
        return traversed - 1

    spec = tf.TensorSpec([], tf.int32)
    levels = Levels(level_of, begin, lambda left: tf.minimum(left, 1), next_picture, specs=spec, **at_one_visit(bowl))
    state, losses = optimise(levels, grey(180.0, recipe), iterations=tf.constant(9), recipe=recipe)
    whole, whole_losses = run(bowl, grey(180.0, recipe), 9, recipe)
    assert begun == [(0, 0), (1, 4), (2, 7)]
    assert followed == [(level, left) for level in range(3) for left in (2, 1)]
    np.testing.assert_array_equal(state.image, whole.image)
    np.testing.assert_array_equal(losses, whole_losses)


def test_the_learning_rate_decays_with_the_iterations_done():
    recipe = recipe_of("adam", 4.0)
    assert recipe.settings(tf.constant(0)).learning_rate.numpy() == 4
    assert recipe.settings(tf.constant(150)).learning_rate.numpy() == pytest.approx(2)


@pytest.mark.parametrize("iterations", [5, 9])
def test_an_end_that_has_passed_comes_behind_one_update_even_where_a_size_begins(recipe, iterations):
    """The state then is of its last iteration's size."""
    levels = Levels(
        of=lambda iteration: iteration,  # each iteration begins a size
        begin=lambda _, state: (tf.constant(3), state),
        complete=lambda traversed: tf.minimum(traversed, 1),
        next_picture=lambda _, traversed: traversed - 1,
        specs=tf.TensorSpec([], tf.int32),
        **at_one_visit(bowl),
    )
    state, losses = optimise(
        levels, grey(180.0, recipe), iterations=tf.constant(iterations), recipe=recipe, ends_at=tf.timestamp() - 1
    )
    assert state.iteration.numpy() == 1
    assert losses.shape == [1, 4]


# At which a step from 100 is one of 10 levels, where the gradient is a million, far above Adam's epsilon: of the
# gradient's sign, of the gradient, of its share in 192 values.
TEN_LEVELS = {"adam": 10.0, "sgd": 1e-5, "lbfgs": 1920.0}


def falling_to(edge: float):
    """A loss that falls with the brightness as far as `edge`; it is infinite beyond."""

    def losses_of(image: tf.Tensor) -> Losses:
        total = tf.where(tf.reduce_max(image) <= edge, -1e6 * tf.reduce_sum(image), float("inf"))
        return Losses(total, total, total, total)

    return losses_of


@pytest.mark.parametrize(("edge", "level"), [(200.0, 110.0), (105.0, 101.0)])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_step_that_makes_the_loss_infinite_is_cut_to_a_tenth(optimizer, edge, level):
    recipe = recipe_of(optimizer, TEN_LEVELS[optimizer])
    _, losses = run(falling_to(edge), grey(100.0, recipe), 2, recipe)
    np.testing.assert_allclose(losses[:, 0], [-192e6 * 100.0, -192e6 * level], rtol=1e-5)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_run_whose_shortened_step_is_too_long_as_well_has_diverged(optimizer):
    recipe = recipe_of(optimizer, TEN_LEVELS[optimizer])
    _, losses = run(falling_to(100.5), grey(100.0, recipe), 2, recipe)
    assert np.isinf(losses[1, 0])
