"""One step of whichever optimiser a request has chosen."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

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


class Attempt(NamedTuple):
    """A picture evaluated."""

    image: tf.Tensor  # float32[height, width, 3]
    memory: Memory
    losses: Losses  # of the picture
    gradient: tf.Tensor  # float32[height, width, 3], of the total times `Stepping.gradient_scale`
    usable: tf.Tensor  # bool[]: nothing is left to try


def attempt(
    losses_of: Callable[[tf.Tensor], Losses], image: tf.Tensor, memory: Memory, stepping: Stepping, again: tf.Tensor
) -> Attempt:
    """Evaluates a picture, or where `again`, bool[], says so the one to which most of the last step is undone.

    Where the losses are not finite, the step to this picture was too long: an attempt is made again. If they still are
    not finite, the run has diverged.
    """
    image, memory = tf.cond(again, lambda: stepping.shortened(image, memory), lambda: (image, memory))
    with tf.GradientTape() as tape:
        tape.watch(image)
        losses = losses_of(image)
        total = losses.total * stepping.gradient_scale(image)
    gradient = tape.gradient(total, image)
    finite = tf.math.is_finite(losses.total) & tf.reduce_all(tf.math.is_finite(gradient))
    return Attempt(image, memory, losses, gradient, finite | again | (memory.steps == 0))


def _choose(recipe: Recipe, of: Callable[[Optimiser], Chosen]) -> Chosen:
    """What `of` says of the chosen optimiser."""
    chosen: Chosen = tf.switch_case(recipe.optimizer, [lambda name=name: of(_OPTIMISERS[name]) for name in OPTIMIZERS])
    return chosen
