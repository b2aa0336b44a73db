"""Plain gradient descent, as keras.io's tutorial has it."""

from __future__ import annotations

import tensorflow as tf

from nst_graph.optimiser import SHORTENED, Memory, Settings, Sizes, empty_memory


class GradientDescent:
    """Each step is the gradient times the learning rate. Its picture is the last step."""

    def sizes(self, history: tf.Tensor) -> Sizes:
        """One picture."""
        del history
        return Sizes(numbers=0, pictures=1, ring=0)

    def step(
        self, image: tf.Tensor, gradient: tf.Tensor, memory: Memory, settings: Settings
    ) -> tuple[tf.Tensor, Memory]:
        """See `nst_graph.optimiser.Optimiser`."""
        stepped = settings.bounded(image - settings.learning_rate * gradient)
        return stepped, memory._replace(steps=memory.steps + 1, pictures=(stepped - image)[tf.newaxis])

    def shortened(self, image: tf.Tensor, memory: Memory, settings: Settings) -> tuple[tf.Tensor, Memory]:
        """See `nst_graph.optimiser.Optimiser`."""
        del settings
        back = (1.0 - SHORTENED) * memory.pictures[0]
        return image - back, memory._replace(pictures=memory.pictures - back)

    def carried(self, memory: Memory, height: tf.Tensor, width: tf.Tensor) -> Memory:
        """Nothing of the last step is used at another size."""
        return empty_memory(self.sizes(tf.constant(0)), height, width)._replace(steps=memory.steps)
