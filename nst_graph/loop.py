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
    begin: Callable[[tf.Tensor, LoopState], tuple[Targets, LoopState]]  # targets without a style; the state at its size
    styles: tf.Tensor  # int32[]: how many there are
    learn: Callable[[tf.Tensor, Targets, tf.Tensor], Targets]  # a level's targets with the style of that number too
    specs: Targets  # a `tf.TensorSpec` for each tensor of a level's targets
    losses: Callable[[tf.Tensor, Targets], Losses]  # of a picture of the level's size


class Pass(NamedTuple):
    """What one pass of the loop leaves to the next."""

    state: LoopState
    level: tf.Tensor  # int32[]: whose targets there are; -1 before the first
    learnt: tf.Tensor  # int32[]: styles that are in them
    targets: Targets
    losses: tf.Tensor  # float32[4]: of the picture that was updated
    made: tf.Tensor  # bool[]: an update was made in this pass
    again: tf.Tensor  # bool[]: the last update was not made, and is to be attempted with a shorter step
    whole: tf.Tensor  # bool[]: the state belongs to its last iteration's level, so that a call may end here


def optimise(
    levels: Levels,
    state: LoopState,
    *,
    iterations: tf.Tensor,
    recipe: Recipe,
    ends_at: tf.Tensor | None = None,
) -> tuple[LoopState, tf.Tensor]:
    """Runs `iterations` iterations from `state` on, or as many as begin before `ends_at`.

    One loop does it all, a thing at a pass: it begins a size, learns a style, or updates the picture. In a loop within
    a loop, a session's optimiser of dependencies may tie calls of functions to the outer one, and the runtime refuses
    that (TensorFlow 2.21).

    Args:
        levels: the sizes.
        state: where to start.
        iterations: int32[], at least 1.
        recipe: the numbers.
        ends_at: float64[], seconds since 1970; the first iteration is done even behind it, so that
            there always are a new picture and its losses.

    Returns:
        The state after the last iteration, and float32[iterations done, 4]: the `Losses` of each
        picture before its update.
    """

    def unfinished(done: tf.Tensor, _: tf.TensorArray, last: Pass) -> tf.Tensor:
        if ends_at is None:
            return done < iterations
        with tf.control_dependencies([tf.identity(last.state.image)]):  # else the counter runs ahead of the pictures
            now = tf.timestamp()
        return (done < iterations) & (~last.whole | (now < ends_at))

    def go_on(done: tf.Tensor, history: tf.TensorArray, last: Pass) -> tuple[tf.Tensor, tf.TensorArray, Pass]:
        made = _pass(levels, last, recipe)
        # Where no update was made, the next one writes over its losses.
        return done + tf.cast(made.made, tf.int32), history.write(done, made.losses), made

    history = tf.TensorArray(tf.float32, size=iterations, element_shape=[len(Losses._fields)])
    nothing = tf.nest.map_structure(lambda spec: _empty(spec, 0 * iterations), levels.specs)
    none, false = tf.zeros([len(Losses._fields)]), tf.constant(False)
    first = Pass(state, tf.constant(-1), tf.constant(0), nothing, none, false, false, false)
    done, history, last = tf.while_loop(unfinished, go_on, (tf.constant(0), history, first))
    return last.state, history.stack()[:done]


def _pass(levels: Levels, last: Pass, recipe: Recipe) -> Pass:
    """Does what is to be done next."""
    level = levels.of(last.state.iteration)
    idle = last._replace(made=tf.constant(False))

    def begin() -> Pass:
        targets, state = levels.begin(level, last.state)
        return idle._replace(state=state, level=level, learnt=tf.constant(0), targets=targets, whole=tf.constant(False))

    def learn() -> Pass:
        targets = levels.learn(level, last.targets, last.learnt)
        return idle._replace(learnt=last.learnt + 1, targets=targets)

    def update() -> Pass:
        state, losses, made = _attempted(
            lambda image: levels.losses(image, last.targets), last.state, recipe, last.again
        )
        return last._replace(state=state, losses=losses, made=made, again=~made, whole=last.whole | made)

    place = tf.where(last.level != level, 0, tf.where(last.learnt < levels.styles, 1, 2))
    done: Pass = tf.switch_case(place, [begin, learn, update])
    return done


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
