"""L-BFGS without a line search, one gradient a step, as the reference implementations of style transfer use it."""

from __future__ import annotations

import tensorflow as tf

from nst_graph import decisions
from nst_graph.decisions import at_least
from nst_graph.optimiser import SHORTENED, Memory, Settings, Sizes, empty_memory

# A pair with less curvature than this is not remembered (torch.optim.LBFGS: `if ys > 1e-10`).
LEAST_CURVATURE = 1e-10

GRADIENT, STEP = 0, 1  # the pictures
PAIRS, SCALE = 0, 1  # the numbers: pairs remembered so far, however many were forgotten; and the Hessian's scale


class Lbfgs:
    """Nocedal and Wright (2006), algorithm 7.4 (two-loop recursion), with the rules of torch.optim.LBFGS.

    The ring holds the last steps, oldest first, then the changes of the gradient that they made; where there are fewer
    than `history`, zeros stand in front. Its products are those of what it holds, rounded as it is, so that the
    estimate stays positive.
    """

    def sizes(self, history: tf.Tensor) -> Sizes:
        """The last gradient and step; and `history` pairs."""
        return Sizes(numbers=2, pictures=2, ring=2 * history)

    def step(
        self, image: tf.Tensor, gradient: tf.Tensor, memory: Memory, settings: Settings
    ) -> tuple[tf.Tensor, Memory]:
        """See `nst_graph.optimiser.Optimiser`."""
        pairs, scale, ring = self._remember(gradient, memory)
        direction = -_inverse_hessian_product(gradient, pairs, scale, ring)
        first = tf.minimum(1.0, tf.math.divide_no_nan(1.0, tf.reduce_sum(tf.abs(gradient))))
        length = settings.learning_rate * tf.where(memory.steps == 0, first, 1.0)
        stepped = settings.bounded(image + length * direction)
        pictures = tf.stack([gradient, stepped - image])
        return stepped, Memory(memory.steps + 1, tf.stack([tf.cast(pairs, tf.float32), scale]), pictures, ring)

    def shortened(self, image: tf.Tensor, memory: Memory, settings: Settings) -> tuple[tf.Tensor, Memory]:
        """See `nst_graph.optimiser.Optimiser`."""
        del settings
        gradient, step = tf.unstack(memory.pictures, num=2)
        shorter = image - (1.0 - SHORTENED) * step
        return shorter, memory._replace(pictures=tf.stack([gradient, SHORTENED * step]))

    def carried(self, memory: Memory, height: tf.Tensor, width: tf.Tensor) -> Memory:
        """Curvature of another size is none of this one's: the memory begins anew, as in the scripts of the field."""
        return empty_memory(self.sizes(tf.shape(memory.ring)[0] // 2), height, width)

    def _remember(self, gradient: tf.Tensor, memory: Memory) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Number of pairs, scale and ring, with the last step's pair where it has enough curvature."""
        last, step = tf.unstack(memory.pictures, num=2)
        pairs, scale = tf.cast(memory.numbers[PAIRS], tf.int32), memory.numbers[SCALE]
        history = tf.shape(memory.ring)[0] // 2
        step, change = (tf.cast(picture, memory.ring.dtype) for picture in (step, gradient - last))
        curvature, length = _product(step, change), _product(change, change)

        def longer() -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            # Moved, not written over: no GPU has a kernel that scatters into bfloat16.
            steps, changes = memory.ring[1:history], memory.ring[history + 1 :]
            ring = tf.concat([steps, step[tf.newaxis], changes, change[tf.newaxis]], axis=0)
            return pairs + 1, curvature / length, ring

        enough = at_least(memory.steps, 1) * tf.cast(curvature > LEAST_CURVATURE, tf.int32)
        start = tf.where(memory.steps > 0, scale, 1.0)
        remembered: tuple[tf.Tensor, tf.Tensor, tf.Tensor] = decisions.cond(
            enough, longer, lambda: (pairs, start, memory.ring)
        )
        return remembered


def _inverse_hessian_product(gradient: tf.Tensor, pairs: tf.Tensor, scale: tf.Tensor, ring: tf.Tensor) -> tf.Tensor:
    """The two loops: of `gradient` with the estimate that the ring's pairs make."""
    history = tf.shape(ring)[0] // 2
    oldest = history - tf.minimum(pairs, history)

    def pair(place: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        step, change = tf.cast(ring[place], tf.float32), tf.cast(ring[history + place], tf.float32)
        return step, change, 1.0 / _product(step, change)

    def back(place: tf.Tensor, product: tf.Tensor, factors: tf.TensorArray) -> tuple[tf.Tensor, ...]:
        step, change, inverse = pair(place)
        factor = inverse * _product(step, product)
        return place - 1, product - factor * change, factors.write(place, factor)

    def forth(place: tf.Tensor, product: tf.Tensor) -> tuple[tf.Tensor, ...]:
        step, change, inverse = pair(place)
        factor = factors.read(place) - inverse * _product(change, product)
        return place + 1, product + factor * step

    factors = tf.TensorArray(tf.float32, size=history, clear_after_read=False, element_shape=[])
    start = (history - 1, gradient, factors)
    _, product, factors = tf.while_loop(lambda place, *_: place >= oldest, back, start)
    _, product = tf.while_loop(lambda place, _: place < history, forth, (oldest, scale * product))
    return product


def _product(one: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
    """The scalar product of two pictures: float32[]."""
    return tf.reduce_sum(tf.cast(one, tf.float32) * tf.cast(other, tf.float32))
