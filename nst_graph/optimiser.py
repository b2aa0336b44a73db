"""What an optimiser is: a memory of tensors, whose shapes follow from the picture's, and a step."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import tensorflow as tf

# Of what L-BFGS remembers: half the bytes of float32 in a state that travels.
RING_DTYPE = tf.bfloat16

# How much of a step is left where the step made the loss infinite.
SHORTENED = 0.1


class Settings(NamedTuple):
    """The numbers of one step: float32[] each."""

    learning_rate: tf.Tensor
    beta_1: tf.Tensor  # Adam's
    beta_2: tf.Tensor
    rest_1: tf.Tensor  # 1 - beta_1 without float32's rounding of the difference
    rest_2: tf.Tensor
    epsilon: tf.Tensor
    folded: tf.Tensor  # 1 or 0: see `nst_graph.presets.AdamSettings`
    low: tf.Tensor  # bounds of pixels; infinite where the recipe has none
    high: tf.Tensor

    def bounded(self, image: tf.Tensor) -> tf.Tensor:
        """The nearest picture within the bounds."""
        return tf.clip_by_value(image, self.low, self.high)


class Sizes(NamedTuple):
    """How much of each kind an optimiser remembers: ints or int32[] each."""

    numbers: int | tf.Tensor
    pictures: int | tf.Tensor
    ring: int | tf.Tensor


class Memory(NamedTuple):
    """What any optimiser remembers between two steps."""

    steps: tf.Tensor  # int32[]: made so far
    numbers: tf.Tensor  # float32[n]
    pictures: tf.Tensor  # float32[n, height, width, 3]
    ring: tf.Tensor  # RING_DTYPE[n, height, width, 3]


SCALAR: tuple[int, ...] = ()  # a shape


def memory_shapes(sizes: Sizes, height: tf.Tensor, width: tf.Tensor) -> Memory:
    """The shape of each tensor of a memory for pictures of a size, int32[] each: int32[rank]."""
    pictures, ring = (tf.stack([count, height, width, 3]) for count in (sizes.pictures, sizes.ring))
    return Memory(SCALAR, tf.stack([sizes.numbers]), pictures, ring)


def empty_memory(sizes: Sizes, height: tf.Tensor, width: tf.Tensor) -> Memory:
    """The memory before the first step at a size, int32[] each."""
    shapes = memory_shapes(sizes, height, width)
    return Memory(
        tf.constant(0), tf.zeros(shapes.numbers), tf.zeros(shapes.pictures), tf.zeros(shapes.ring, RING_DTYPE)
    )


class Optimiser(Protocol):
    """Changes a picture by its gradient."""

    def sizes(self, history: tf.Tensor) -> Sizes:
        """Of its memory; `history`, int32[], is how many steps it may look back on."""

    def step(
        self, image: tf.Tensor, gradient: tf.Tensor, memory: Memory, settings: Settings
    ) -> tuple[tf.Tensor, Memory]:
        """The picture after one step, within the settings' bounds, and the memory after that.

        Args:
            image: float32[height, width, 3] in 0..255.
            gradient: float32[height, width, 3], of the total loss.
            memory: of `sizes`.
            settings: of this step.
        """

    def shortened(self, image: tf.Tensor, memory: Memory, settings: Settings) -> tuple[tf.Tensor, Memory]:
        """The picture with `SHORTENED` of the last step left of it, and the memory as if that had been the step."""

    def carried(self, memory: Memory, height: tf.Tensor, width: tf.Tensor) -> Memory:
        """The memory at another size of the picture, int32[] each."""
