"""The optimisation loop: one `tf.while_loop` over the iterations of all sizes, all of whose state is loop variables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

from nst_graph.kept import Kept
from nst_graph.objective import Losses
from nst_graph.optimiser import Memory
from nst_graph.recipe import Recipe
from nst_graph.stepping import Stepping, attempt

Targets = Any  # a structure of tensors


class LoopState(NamedTuple):
    """Everything the optimisation knows between two iterations."""

    image: tf.Tensor  # float32[height, width, 3], of the size of the last iteration's level
    iteration: tf.Tensor  # int32[]: iterations done so far, in the whole run
    kept: Kept
    memory: Memory  # the optimiser's


class Levels(NamedTuple):
    """The sizes of a run."""

    of: Callable[[tf.Tensor], tf.Tensor]  # the level of an iteration: int32[] to int32[]
    begin: Callable[[tf.Tensor, LoopState], tuple[Targets, LoopState]]  # a level's targets, and the state at its size
    specs: Targets  # a `tf.TensorSpec` for each tensor of a level's targets
    losses: Callable[[tf.Tensor, Targets], Losses]  # of a picture of the level's size


def optimise(
    levels: Levels,
    state: LoopState,
    *,
    iterations: tf.Tensor,
    recipe: Recipe,
    ends_at: tf.Tensor | None = None,
) -> tuple[LoopState, tf.Tensor]:
    """Runs `iterations` iterations from `state` on, or as many as begin before `ends_at`.

    Args:
        levels: the sizes. One loop paints them all: in a loop within a loop, a session's optimiser of dependencies may
            tie calls of functions to the outer one, and the runtime refuses that (TensorFlow 2.21).
        state: where to start.
        iterations: int32[], at least 1.
        recipe: the numbers.
        ends_at: float64[], seconds since 1970; the first iteration is done even behind it, so that
            there always are a new picture and its losses.

    Returns:
        The state after the last iteration, and float32[iterations done, 4]: the `Losses` of each
        picture before its update.
    """

    def unfinished(done: tf.Tensor, state: LoopState, *_: Any) -> tf.Tensor:
        if ends_at is None:
            return done < iterations
        with tf.control_dependencies([tf.identity(state.image)]):  # else the counter runs ahead of the pictures
            now = tf.timestamp()
        return (done < iterations) & ((done < 1) | (now < ends_at))

    def iterate(
        done: tf.Tensor, state: LoopState, history: tf.TensorArray, again: tf.Tensor, level: tf.Tensor, targets: Targets
    ) -> tuple[Any, ...]:
        wanted = levels.of(state.iteration)
        targets, state = tf.cond(level == wanted, lambda: (targets, state), lambda: levels.begin(wanted, state))
        state, losses, made = _attempted(lambda image: levels.losses(image, targets), state, recipe, again)
        # Where it was not made, the next attempt writes over its losses.
        return done + tf.cast(made, tf.int32), state, history.write(done, losses), ~made, wanted, targets

    history = tf.TensorArray(tf.float32, size=iterations, element_shape=[len(Losses._fields)])
    nothing = tf.nest.map_structure(lambda spec: _empty(spec, 0 * iterations), levels.specs)
    start = (tf.constant(0), state, history, tf.constant(False), tf.constant(-1), nothing)
    done, state, history, *_ = tf.while_loop(unfinished, iterate, start)
    return state, history.stack()[:done]


def _empty(spec: tf.TensorSpec, zero: tf.Tensor) -> tf.Tensor:
    """A tensor whose unknown sides are `zero`, int32[]: as unknown as those of the tensors that follow in the loop."""
    return tf.zeros([zero if side is None else side for side in spec.shape], spec.dtype)


def _attempted(
    losses_of: Callable[[tf.Tensor], Losses], state: LoopState, recipe: Recipe, again: tf.Tensor
) -> tuple[LoopState, tf.Tensor, tf.Tensor]:
    """One update of the picture; the losses of the picture before it, float32[4]; and whether it was made, bool[].

    It is not made where the losses are not finite and the step before can be made shorter. The state then stays as it
    is, so that a run which is split here tries the same again.
    """
    stepping = Stepping(recipe, state.iteration)
    evaluated = attempt(losses_of, state.image, state.memory, stepping, again)

    def updated() -> LoopState:
        kept = state.kept.seen(evaluated.image, evaluated.losses.total, recipe)
        image, memory = stepping.step(evaluated.image, evaluated.gradient, evaluated.memory)
        return LoopState(image, state.iteration + 1, kept.stepped(image, recipe), memory)

    return tf.cond(evaluated.usable, updated, lambda: state), tf.stack(evaluated.losses), evaluated.usable
