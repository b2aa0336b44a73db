"""One step of whichever optimiser a request has chosen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import tensorflow as tf

from nst_graph.adam import Adam
from nst_graph.gradient_descent import GradientDescent
from nst_graph.lbfgs import Lbfgs
from nst_graph.objective import Losses
from nst_graph.optimiser import Memory, Optimiser, Sizes
from nst_graph.recipe import OPTIMIZERS, Recipe

Chosen = TypeVar("Chosen")

_OPTIMISERS: dict[str, Optimiser] = {"adam": Adam(), "lbfgs": Lbfgs(), "sgd": GradientDescent()}


class Stepping:
    """The chosen optimiser, with its numbers for one iteration."""

    def __init__(self, recipe: Recipe, iteration: tf.Tensor) -> None:
        self._recipe = recipe
        self._iteration = iteration

    def step(self, image: tf.Tensor, gradient: tf.Tensor, memory: Memory) -> tuple[tf.Tensor, Memory]:
        """See `nst_graph.optimiser.Optimiser.step`."""
        settings = self._recipe.settings(self._iteration)
        return _choose(self._recipe, lambda optimiser: optimiser.step(image, gradient, memory, settings))

    def shortened(self, image: tf.Tensor, memory: Memory) -> tuple[tf.Tensor, Memory]:
        """Most of the last step undone: see `nst_graph.optimiser.Optimiser.shortened`."""
        settings = self._recipe.settings(self._iteration - 1)
        return _choose(self._recipe, lambda optimiser: optimiser.shortened(image, memory, settings))

    def gradient_scale(self, image: tf.Tensor) -> tf.Tensor:
        """Factor on the gradient of the total loss: float32[].

        A relative loss is a mean, so its gradient shrinks as the picture grows. Taken times the number of pixel
        values, one epsilon serves every size (and float16 does not underflow).
        """
        per_pixel = self._recipe.numbers["per_pixel"]
        return tf.where(per_pixel > 0, tf.cast(tf.size(image), tf.float32), 1.0)


def memory_sizes(recipe: Recipe) -> Sizes:
    """How much the chosen optimiser remembers: int32[] each."""

    def sizes(optimiser: Optimiser) -> Sizes:
        return Sizes(*(tf.convert_to_tensor(size) for size in optimiser.sizes(recipe.options["history"])))

    return _choose(recipe, sizes)


def carried(recipe: Recipe, memory: Memory, height: tf.Tensor, width: tf.Tensor) -> Memory:
    """The memory at another size of the picture, int32[] each."""
    return _choose(recipe, lambda optimiser: optimiser.carried(memory, height, width))


def evaluated(
    losses_of: Callable[[tf.Tensor], Losses], image: tf.Tensor, memory: Memory, stepping: Stepping
) -> tuple[tf.Tensor, Memory, Losses, tf.Tensor]:
    """The losses of a picture and the gradient of their total, with the picture and memory that they belong to.

    Where they are not finite, the step to this picture was too long: they are taken once more where it is shortened.
    If they are still not finite, the run has diverged.
    """

    def evaluate(tries: tf.Tensor, image: tf.Tensor, memory: Memory, *_: Any) -> tuple[Any, ...]:
        image, memory = tf.cond(tries == 0, lambda: (image, memory), lambda: stepping.shortened(image, memory))
        with tf.GradientTape() as tape:
            tape.watch(image)
            losses = losses_of(image)
            total = losses.total * stepping.gradient_scale(image)
        return tries + 1, image, memory, losses, tape.gradient(total, image)

    def unusable(tries: tf.Tensor, _: tf.Tensor, memory: Memory, losses: Losses, gradient: tf.Tensor) -> tf.Tensor:
        finite = tf.math.is_finite(losses.total) & tf.reduce_all(tf.math.is_finite(gradient))
        return (tries == 0) | ((tries == 1) & (memory.steps > 0) & ~finite)

    nothing = Losses(*(tf.constant(0.0) for _ in Losses._fields))
    start = (tf.constant(0), image, memory, nothing, tf.zeros_like(image))
    _, image, memory, losses, gradient = tf.while_loop(unusable, evaluate, start)
    return image, memory, losses, gradient


def _choose(recipe: Recipe, of: Callable[[Optimiser], Chosen]) -> Chosen:
    """What `of` says of the chosen optimiser."""
    chosen: Chosen = tf.switch_case(recipe.optimizer, [lambda name=name: of(_OPTIMISERS[name]) for name in OPTIMIZERS])
    return chosen
