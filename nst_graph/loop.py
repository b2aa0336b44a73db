"""The optimisation loop: one `tf.while_loop`, all of whose state is loop variables."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from nst_graph.adam import AdamState, adam_start, adam_update
from nst_graph.objective import Losses
from nst_graph.presets import Preset


class LoopState(NamedTuple):
    """Everything the optimisation knows between two iterations."""

    image: tf.Tensor  # float32[height, width, 3] in 0..255
    adam: AdamState


def loop_start(content: tf.Tensor) -> LoopState:
    """The state before the first iteration: the content picture itself, as in the eager tutorial."""
    return LoopState(content, adam_start(content))


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
        learning_rate: float32[], in pixel levels.
        preset: the optimiser's other settings.
        ends_at: float64[], seconds since 1970; the first iteration is done even behind it, so that
            there always are a new picture and its losses.
        xla: XLA compiles an iteration, once for each size of picture. The loop around it stays
            TensorFlow's: a compiled loop would be deaf to deadlines and could not read the clock.

    Returns:
        The state after the last update, and float32[iterations done, 4]: the `Losses` of each
        picture before its update.
    """

    def iteration(state: LoopState) -> tuple[LoopState, tf.Tensor]:
        losses, gradient = losses_and_gradient(losses_of, state.image, preset)
        update, adam = adam_update(
            gradient,
            state.adam,
            learning_rate=learning_rate * decay(state.adam.updates, preset),
            beta_1=preset.beta_1,
            beta_2=preset.beta_2,
            epsilon=preset.epsilon,
        )
        return LoopState(tf.clip_by_value(state.image - update, 0.0, 255.0), adam), tf.stack(losses)

    compiled = tf.function(iteration, jit_compile=True) if xla else iteration

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


def decay(updates: tf.Tensor, preset: Preset) -> tf.Tensor:
    """Factor on the learning rate after `updates` updates: (1 + updates / decay_updates) ** -1/2.

    It depends on the number of updates alone, not on how many are to come, so that a run can be
    split anywhere.
    """
    return tf.math.rsqrt(1.0 + tf.cast(updates, tf.float32) / preset.decay_updates)
