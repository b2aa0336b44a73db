"""The optimisation loop: one `tf.while_loop` over the iterations of all sizes, all of whose state is loop variables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

from nst_graph import decisions
from nst_graph.decisions import either, holds, no
from nst_graph.kept import Kept
from nst_graph.objective import Losses
from nst_graph.optimiser import Memory
from nst_graph.recipe import Recipe
from nst_graph.stepping import Stepping

Traversed = Any  # a structure of tensors: see `nst_graph.traversal.TraversalState`


class LoopState(NamedTuple):
    """Everything the optimisation knows between two iterations."""

    image: tf.Tensor  # float32[height, width, 3], of the size of the last iteration's level
    iteration: tf.Tensor  # int32[]: iterations done so far, in the whole run
    kept: Kept
    memory: Memory  # the optimiser's


class Levels(NamedTuple):
    """The sizes of a run, and how the pictures of one are visited."""

    of: Callable[[tf.Tensor], tf.Tensor]  # the level of an iteration: int32[] to int32[]
    # Before the first visit at a level; and the state at its size.
    begin: Callable[[tf.Tensor, LoopState], tuple[Traversed, LoopState]]
    complete: Callable[[Traversed], tf.Tensor]  # whether the next picture follows: 1 or 0, int32[]
    next_picture: Callable[[tf.Tensor, Traversed], Traversed]  # at a level, on to the next picture
    # Of the next tile; and whether the painted picture's losses are known: 1 or 0, int32[].
    visit: Callable[[tf.Tensor, Traversed], tuple[Traversed, tf.Tensor]]
    losses: Callable[[tf.Tensor, Traversed], tuple[Losses, tf.Tensor]]  # of the painted one; and the gradient
    specs: Traversed  # a `tf.TensorSpec` for each tensor of it


class Pass(NamedTuple):
    """What one pass of the loop leaves to the next; decisions are 1 or 0, int32[]: see `nst_graph.decisions`."""

    state: LoopState
    level: tf.Tensor  # int32[]: that is traversed; -1 before the first
    traversed: Traversed
    losses: tf.Tensor  # float32[4]: of the picture that was updated
    made: tf.Tensor  # an update was made in this pass
    again: tf.Tensor  # the last update was not made, and is to be attempted with a shorter step
    whole: tf.Tensor  # the state belongs to its last iteration's level, so that a call may end here


def optimise(
    levels: Levels,
    state: LoopState,
    *,
    iterations: tf.Tensor,
    recipe: Recipe,
    ends_at: tf.Tensor | None = None,
) -> tuple[LoopState, tf.Tensor]:
    """Runs `iterations` iterations from `state` on, or as many as begin before `ends_at`.

    One loop does it all, a thing at a pass: it begins a size, goes on to the next picture, or visits a tile of one;
    behind the last visit of the painted picture it updates that. In a loop within a loop, a session's optimiser of
    dependencies may tie calls of functions to the outer one, and the runtime refuses that (TensorFlow 2.21).

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
        return (done < iterations) & (holds(no(last.whole)) | (now < ends_at))

    def go_on(done: tf.Tensor, history: tf.TensorArray, last: Pass) -> tuple[tf.Tensor, tf.TensorArray, Pass]:
        made = _pass(levels, last, recipe)
        # Where no update was made, the next one writes over its losses.
        return done + made.made, history.write(done, made.losses), made

    history = tf.TensorArray(tf.float32, size=iterations, element_shape=[len(Losses._fields)])
    nothing = tf.nest.map_structure(lambda spec: _empty(spec, 0 * iterations), levels.specs)
    none, not_yet = tf.zeros([len(Losses._fields)]), tf.constant(0)
    first = Pass(state, tf.constant(-1), nothing, none, not_yet, not_yet, not_yet)
    done, history, last = tf.while_loop(unfinished, go_on, (tf.constant(0), history, first))
    return last.state, history.stack()[:done]


def _pass(levels: Levels, last: Pass, recipe: Recipe) -> Pass:
    """Does what is to be done next."""
    level = levels.of(last.state.iteration)
    idle = last._replace(made=tf.constant(0))

    def begin() -> Pass:
        traversed, state = levels.begin(level, last.state)
        return idle._replace(state=state, level=level, traversed=traversed, whole=tf.constant(0))

    def go_on() -> Pass:
        return idle._replace(traversed=levels.next_picture(level, last.traversed))

    def visit() -> Pass:
        return _visited(levels, last, recipe)

    goes_on = 2 - levels.complete(last.traversed)
    place = decisions.where(decisions.equal(last.level, level), goes_on, 0)
    done: Pass = tf.switch_case(place, [begin, go_on, visit])
    return done


def _empty(spec: tf.TensorSpec, zero: tf.Tensor) -> tf.Tensor:
    """A tensor whose unknown sides are `zero`, int32[]: as unknown as those of the tensors that follow in the loop."""
    return tf.zeros([zero if side is None else side for side in spec.shape], spec.dtype)


def _visited(levels: Levels, last: Pass, recipe: Recipe) -> Pass:
    """Visits a tile; and updates the picture once its losses are known.

    It is not updated where they are not finite and the step before can be made shorter. The state then stays as it is,
    so that a run which is split here tries the same again.
    """
    stepping = Stepping(recipe, last.state.iteration)
    image, memory = stepping.attempted(last.state.image, last.state.memory, last.again)
    traversed, known = levels.visit(image, last.traversed)

    def update() -> tuple[LoopState, tf.Tensor, tf.Tensor]:
        losses, gradient = levels.losses(image, traversed)

        def updated() -> LoopState:
            kept = last.state.kept.seen(image, losses.total, recipe)
            stepped, remembered = stepping.step(image, gradient, memory)
            return LoopState(stepped, last.state.iteration + 1, kept.stepped(stepped, recipe), remembered)

        finite = tf.math.is_finite(losses.total) & tf.reduce_all(tf.math.is_finite(gradient))
        nothing_left = either(last.again, decisions.equal(memory.steps, 0))  # to try
        usable = either(tf.cast(finite, tf.int32), nothing_left)
        return decisions.cond(usable, updated, lambda: last.state), tf.stack(losses), usable

    state, losses, made = decisions.cond(known, update, lambda: (last.state, last.losses, tf.constant(0)))
    again = decisions.where(known, no(made), last.again)
    return last._replace(
        state=state, traversed=traversed, losses=losses, made=made, again=again, whole=either(last.whole, made)
    )
