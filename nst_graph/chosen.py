"""One of several functions, chosen in the graph, with a gradient that costs no more than that of the one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf


def shared(*signature: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Makes a function, of arguments with the shapes and dtypes of `signature`, one of the graph's own functions.

    The graph holds it once however often it is called. Other functions are put in place of their calls when a session
    begins, and each copy is optimised: called for every style layer, they made a first call take seconds more.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        made: Callable[..., Any] = tf.function(
            function, input_signature=signature, autograph=False, experimental_attributes={"_noinline": True}
        )
        return made

    return decorate


def chosen(
    index: tf.Tensor, functions: Sequence[Callable[..., tf.Tensor]], inputs: Sequence[tf.Tensor]
) -> list[tf.Tensor]:
    """The value of function number `index`, int32[], of `inputs`, float32[]; and its gradient for each of them.

    Each branch makes its gradient itself. TensorFlow's own gradient of a branch hands all of the branch's intermediate
    tensors out of it, and makes every branch a second and a third time.
    """

    def branch(function: Callable[..., tf.Tensor]) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            value = function(*inputs)
        return [value, *tape.gradient(value, inputs, unconnected_gradients=tf.UnconnectedGradients.ZERO)]

    return list(tf.switch_case(index, [lambda function=function: branch(function) for function in functions]))
