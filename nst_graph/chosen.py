"""One of several functions, chosen in the graph, with a gradient that costs no more than that of the one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import tensorflow as tf


def chosen_value(
    index: tf.Tensor, functions: Sequence[Callable[..., tf.Tensor]], inputs: Sequence[tf.Tensor]
) -> tf.Tensor:
    """The value of function number `index`, int32[], of `inputs`: float32[].

    Each branch returns its gradient beside its value. TensorFlow's own gradient of a branch hands all of the branch's
    intermediate tensors out of it, and makes every branch a second and a third time.
    """

    @tf.custom_gradient
    def value(*inputs: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], list[tf.Tensor]]]:
        def branch(function: Callable[..., tf.Tensor]) -> list[tf.Tensor]:
            with tf.GradientTape() as tape:
                tape.watch(inputs)
                result = function(*inputs)
            return [result, *tape.gradient(result, inputs, unconnected_gradients=tf.UnconnectedGradients.ZERO)]

        result, *gradients = tf.switch_case(index, [lambda one=one: branch(one) for one in functions])
        return result, lambda upstream: [upstream * gradient for gradient in gradients]

    return value(*inputs)
