"""Adam as pure arithmetic: its whole state is a tuple of tensors."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from nst_graph.pixels import clip


class AdamState(NamedTuple):
    """What Adam remembers between two updates of a picture."""

    updates: tf.Tensor  # int32[]: updates made so far (t in the paper)
    mean: tf.Tensor  # float32[height, width, 3]: first moment of the gradient (m)
    variance: tf.Tensor  # float32[height, width, 3]: second raw moment of the gradient (v)


class Adam(NamedTuple):
    """Adam and its settings: see `nst_graph.loop.Optimiser`."""

    beta_1: float  # decay of the mean
    beta_2: float  # decay of the variance
    epsilon: float  # the paper's epsilon-hat

    def start(self, image: tf.Tensor) -> AdamState:
        """The state before the first update of `image`."""
        return AdamState(tf.constant(0), tf.zeros_like(image), tf.zeros_like(image))

    def step(
        self, image: tf.Tensor, gradient: tf.Tensor, state: AdamState, learning_rate: tf.Tensor
    ) -> tuple[tf.Tensor, AdamState]:
        """The picture after one update, and the state after that."""
        update, state = adam_update(
            gradient,
            state,
            learning_rate=learning_rate,
            beta_1=self.beta_1,
            beta_2=self.beta_2,
            epsilon=self.epsilon,
        )
        return clip(image - update), state


def adam_update(
    gradient: tf.Tensor,
    state: AdamState,
    *,
    learning_rate: tf.Tensor,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> tuple[tf.Tensor, AdamState]:
    """What to subtract from the picture, and the state after that.

    Kingma and Ba (2015), in the form of the last sentence of their section 2, as TensorFlow and Keras
    have it: the bias corrections are folded into the step size, so `epsilon` is their epsilon-hat.
    """
    updates = state.updates + 1
    t = tf.cast(updates, tf.float32)
    mean = beta_1 * state.mean + (1 - beta_1) * gradient
    variance = beta_2 * state.variance + (1 - beta_2) * tf.square(gradient)
    step_size = learning_rate * tf.sqrt(1 - tf.pow(beta_2, t)) / (1 - tf.pow(beta_1, t))
    return step_size * mean / (tf.sqrt(variance) + epsilon), AdamState(updates, mean, variance)
