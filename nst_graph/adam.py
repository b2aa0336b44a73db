"""Adam as pure arithmetic: its whole state is a tuple of tensors."""

from __future__ import annotations

import tensorflow as tf

from nst_graph.optimiser import SHORTENED, Memory, Settings, Sizes
from nst_graph.resampling import resize, triangle


class Adam:
    """Kingma and Ba (2015). Its pictures are the mean and the variance of the gradient."""

    def sizes(self, history: tf.Tensor) -> Sizes:
        """Two pictures."""
        del history
        return Sizes(numbers=0, pictures=2, ring=0)

    def step(
        self, image: tf.Tensor, gradient: tf.Tensor, memory: Memory, settings: Settings
    ) -> tuple[tf.Tensor, Memory]:
        """See `nst_graph.optimiser.Optimiser`."""
        # Both moments at once: taken apart and put together again, a large picture is in memory eight times more.
        decay, rest = (
            tf.reshape(tf.stack(pair), [2, 1, 1, 1])
            for pair in ((settings.beta_1, settings.beta_2), (settings.rest_1, settings.rest_2))
        )
        pictures = decay * memory.pictures + rest * tf.stack([gradient, tf.square(gradient)])
        memory = memory._replace(steps=memory.steps + 1, pictures=pictures)
        return settings.bounded(image - self._update(memory, settings)), memory

    def shortened(self, image: tf.Tensor, memory: Memory, settings: Settings) -> tuple[tf.Tensor, Memory]:
        """The step follows from the memory; where the bounds cut it, it counts as if they had not."""
        return settings.bounded(image + (1.0 - SHORTENED) * self._update(memory, settings)), memory

    def carried(self, memory: Memory, height: tf.Tensor, width: tf.Tensor) -> Memory:
        """As in crowsonkb/style-transfer-pytorch, scale_adam: the variance bilinearly, so that it is never negative."""
        mean, variance = tf.unstack(memory.pictures, num=2)
        pictures = tf.stack([resize(mean, height, width), resize(variance, height, width, triangle)])
        return memory._replace(pictures=pictures, ring=tf.zeros(tf.stack([0, height, width, 3]), memory.ring.dtype))

    def _update(self, memory: Memory, settings: Settings) -> tf.Tensor:
        """What the last step subtracted.

        The form of the last sentence of the paper's section 2, as TensorFlow and Keras have it: the bias corrections
        are folded into the step size, so that epsilon is the paper's epsilon-hat. PyTorch has algorithm 1 itself.
        """
        mean, variance = tf.unstack(memory.pictures, num=2)
        t = tf.cast(memory.steps, tf.float32)
        correction = tf.sqrt(1.0 - tf.pow(settings.beta_2, t))
        step_size = settings.learning_rate * correction / (1.0 - tf.pow(settings.beta_1, t))
        epsilon = settings.epsilon * tf.where(settings.folded > 0, 1.0, correction)
        return step_size * mean / (tf.sqrt(variance) + epsilon)
