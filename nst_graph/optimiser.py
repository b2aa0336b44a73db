"""What an optimiser is: a record of its own settings, with a first state and a step."""

from __future__ import annotations

from typing import Any, Protocol

import tensorflow as tf

OptimiserState = Any  # a nest of tensors whose shapes follow from the picture's


class Optimiser(Protocol):
    """Changes a picture by its gradient. A NamedTuple of numbers, so that the model card can show it."""

    def start(self, image: tf.Tensor) -> OptimiserState:
        """The state before the first step from `image`, float32[height, width, 3] in 0..255."""

    def step(
        self, image: tf.Tensor, gradient: tf.Tensor, state: OptimiserState, learning_rate: tf.Tensor
    ) -> tuple[tf.Tensor, OptimiserState]:
        """The picture after one step, and the state after that.

        The picture is clipped to 0..255 in here, so that an optimiser can remember the step that was really made.

        Args:
            image: float32[height, width, 3] in 0..255.
            gradient: float32[height, width, 3], of the total loss.
            state: what `start` or the last step returned.
            learning_rate: float32[], in pixel levels.
        """
