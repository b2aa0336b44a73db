"""One step of whichever optimiser a request has chosen."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import tensorflow as tf

from nst_graph import decisions
from nst_graph.adam import Adam
from nst_graph.gradient_descent import GradientDescent
from nst_graph.lbfgs import Lbfgs
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

    def attempted(self, image: tf.Tensor, memory: Memory, again: tf.Tensor) -> tuple[tf.Tensor, Memory]:
        """The picture to evaluate, and its memory: the same; where `again`, 1 or 0, with most of the last step undone.

        Where the losses are not finite, the step to this picture was too long, and an attempt is made again. If they
        still are not finite, the run has diverged.
        """
        settings = self._recipe.settings(self._iteration - 1)

        def shortened() -> tuple[tf.Tensor, Memory]:
            return _choose(self._recipe, lambda optimiser: optimiser.shortened(image, memory, settings))

        attempted: tuple[tf.Tensor, Memory] = decisions.cond(again, shortened, lambda: (image, memory))
        return attempted


def memory_sizes(recipe: Recipe) -> Sizes:
    """How much the chosen optimiser remembers: int32[] each."""

    def sizes(optimiser: Optimiser) -> Sizes:
        return Sizes(*(tf.convert_to_tensor(size) for size in optimiser.sizes(recipe.options["history"])))

    return _choose(recipe, sizes)


def carried(recipe: Recipe, memory: Memory, height: tf.Tensor, width: tf.Tensor) -> Memory:
    """The memory at another size of the picture, int32[] each."""
    return _choose(recipe, lambda optimiser: optimiser.carried(memory, height, width))


def _choose(recipe: Recipe, of: Callable[[Optimiser], Chosen]) -> Chosen:
    """What `of` says of the chosen optimiser."""
    chosen: Chosen = tf.switch_case(recipe.optimizer, [lambda name=name: of(_OPTIMISERS[name]) for name in OPTIMIZERS])
    return chosen
