"""The optimisation loop: one `tf.while_loop`, all of whose state is loop variables."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from nst_graph.objective import Losses
from nst_graph.optimiser import OptimiserState
from nst_graph.presets import Preset


class LoopState(NamedTuple):
    """Everything the optimisation knows between two iterations."""

    image: tf.Tensor  # float32[height, width, 3] in 0..255
    iteration: tf.Tensor  # int32[]: iterations done so far, in the whole run
    optimiser: OptimiserState


def loop_start(content: tf.Tensor, preset: Preset) -> LoopState:
    """The state before the first iteration: the content picture itself, as in the eager tutorial."""
    return LoopState(content, tf.constant(0), preset.optimiser.start(content))


def optimise(
    losses_of: Callable[[tf.Tensor], Losses],
    state: LoopState,
    *,
    iterations: tf.Tensor,
    learning_rate: tf.Tensor,
    preset: Preset,
    ends_at: tf.Tensor | None = None,
    xla: bool = False,
) -> tuple[LoopState, tf.Tensor]:
    """Runs `iterations` iterations from `state` on, or as many as begin before `ends_at`.

    Args:
        losses_of: the losses of a picture, float32[height, width, 3] in 0..255.
        state: where to start.
        iterations: int32[], at least 1.
        learning_rate: float32[], in pixel levels, before its decay.
        preset: the optimiser, and the other settings of the recipe.
        ends_at: float64[], seconds since 1970; the first iteration is done even behind it, so that
            there always are a new picture and its losses.
        xla: XLA compiles an iteration, once for each size of picture. The loop around it stays
            TensorFlow's: a compiled loop would be deaf to deadlines and could not read the clock.

    Returns:
        The state after the last iteration, and float32[iterations done, 4]: the `Losses` of each
        picture before its update.
    """

    def iteration(state: LoopState) -> tuple[LoopState, tf.Tensor]:
        losses, gradient = losses_and_gradient(losses_of, state.image, preset)
        rate = learning_rate * decay(state.iteration, preset)
        image, optimiser = preset.optimiser.step(state.image, gradient, state.optimiser, rate)
        return LoopState(image, state.iteration + 1, optimiser), tf.stack(losses)

    compiled = tf.function(iteration, jit_compile=True, autograph=False) if xla else iteration

    def iterate(
        done: tf.Tensor, state: LoopState, history: tf.TensorArray
    ) -> tuple[tf.Tensor, LoopState, tf.TensorArray]:
        state, losses = compiled(state)
        return done + 1, state, history.write(done, losses)

    def unfinished(done: tf.Tensor, state: LoopState, _: tf.TensorArray) -> tf.Tensor:
        if ends_at is None:
            return done < iterations
        with tf.control_dependencies([tf.identity(state.image)]):  # else the counter runs ahead of the pictures
            now = tf.timestamp()
        return (done < iterations) & ((done < 1) | (now < ends_at))

    history = tf.TensorArray(tf.float32, size=iterations, element_shape=[len(Losses._fields)])
    done, state, history = tf.while_loop(unfinished, iterate, (tf.constant(0), state, history))
    return state, history.stack()[:done]


def losses_and_gradient(
    losses_of: Callable[[tf.Tensor], Losses], image: tf.Tensor, preset: Preset
) -> tuple[Losses, tf.Tensor]:
    """The losses of `image` and the gradient of their total.

    A relative loss is a mean, so its gradient shrinks as the picture grows. It is multiplied by the
    number of pixel values, so that one epsilon serves every size (and float16 does not underflow).
    """
    with tf.GradientTape() as tape:
        tape.watch(image)
        losses = losses_of(image)
        total = losses.total * tf.cast(tf.size(image), tf.float32) if preset.relative else losses.total
    return losses, tape.gradient(total, image)


def decay(iteration: tf.Tensor, preset: Preset) -> tf.Tensor:
    """Factor on the learning rate after `iteration` iterations: (1 + iteration / decay_iterations) ** -1/2.

    It depends on the iterations done alone, not on how many are to come, so that a run can be
    split anywhere.
    """
    return tf.math.rsqrt(1.0 + tf.cast(iteration, tf.float32) / preset.decay_iterations)
