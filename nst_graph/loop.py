"""The optimisation loop: one `tf.while_loop` over the sizes and one over their iterations.

All of their state is loop variables.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from nst_graph.kept import Kept
from nst_graph.objective import Losses
from nst_graph.optimiser import Memory
from nst_graph.recipe import Recipe
from nst_graph.stepping import Stepping, attempt

LossesOf = Callable[[tf.Tensor], Losses]


class LoopState(NamedTuple):
    """Everything the optimisation knows between two iterations."""

    image: tf.Tensor  # float32[height, width, 3], of the size of the last iteration's level
    iteration: tf.Tensor  # int32[]: iterations done so far, in the whole run
    kept: Kept
    memory: Memory  # the optimiser's


class Level(NamedTuple):
    """What the iterations at one size share."""

    losses_of: LossesOf  # of a picture of this size
    end: tf.Tensor  # int32[]: number of the first iteration behind it


def optimise(
    level_of: Callable[[LoopState], tuple[Level, LoopState]],
    state: LoopState,
    *,
    iterations: tf.Tensor,
    recipe: Recipe,
    ends_at: tf.Tensor | None = None,
) -> tuple[LoopState, tf.Tensor]:
    """Runs `iterations` iterations from `state` on, or as many as begin before `ends_at`.

    Args:
        level_of: the level of a state's next iteration, and the state at its size.
        state: where to start.
        iterations: int32[], at least 1.
        recipe: the numbers.
        ends_at: float64[], seconds since 1970; the first iteration is done even behind it, so that
            there always are a new picture and its losses.

    Returns:
        The state after the last iteration, and float32[iterations done, 4]: the `Losses` of each
        picture before its update.
    """

    def in_time(done: tf.Tensor, state: LoopState) -> tf.Tensor:
        if ends_at is None:
            return True
        with tf.control_dependencies([tf.identity(state.image)]):  # else the counter runs ahead of the pictures
            now = tf.timestamp()
        return (done < 1) | (now < ends_at)

    def paint_level(done: tf.Tensor, state: LoopState, history: tf.TensorArray) -> tuple[tf.Tensor, ...]:
        level, state = level_of(state)
        last = tf.minimum(iterations, done + (level.end - state.iteration))

        def iterate(
            done: tf.Tensor, state: LoopState, history: tf.TensorArray, again: tf.Tensor
        ) -> tuple[tf.Tensor, ...]:
            state, losses, made = _attempted(level, state, recipe, again)
            # Where it was not made, the next attempt writes over its losses.
            return done + tf.cast(made, tf.int32), state, history.write(done, losses), ~made

        def unfinished(done: tf.Tensor, state: LoopState, *_: tf.Tensor) -> tf.Tensor:
            return (done < last) & in_time(done, state)

        *painted, _ = tf.while_loop(unfinished, iterate, (done, state, history, tf.constant(False)))
        return tuple(painted)

    history = tf.TensorArray(tf.float32, size=iterations, element_shape=[len(Losses._fields)])
    done, state, history = tf.while_loop(
        lambda done, state, _: (done < iterations) & in_time(done, state),
        paint_level,
        (tf.constant(0), state, history),
    )
    return state, history.stack()[:done]


def _attempted(
    level: Level, state: LoopState, recipe: Recipe, again: tf.Tensor
) -> tuple[LoopState, tf.Tensor, tf.Tensor]:
    """One update of the picture; the losses of the picture before it, float32[4]; and whether it was made, bool[].

    It is not made where the losses are not finite and the step before can be made shorter. The state then stays as it
    is, so that a run which is split here tries the same again.
    """
    stepping = Stepping(recipe, state.iteration)
    evaluated = attempt(level.losses_of, state.image, state.memory, stepping, again)

    def updated() -> LoopState:
        kept = state.kept.seen(evaluated.image, evaluated.losses.total, recipe)
        image, memory = stepping.step(evaluated.image, evaluated.gradient, evaluated.memory)
        return LoopState(image, state.iteration + 1, kept.stepped(image, recipe), memory)

    return tf.cond(evaluated.usable, updated, lambda: state), tf.stack(evaluated.losses), evaluated.usable
