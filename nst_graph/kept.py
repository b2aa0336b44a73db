"""The picture that is returned where it is not the last iteration's: an average, or the best one so far."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from nst_graph.recipe import Recipe


class Kept(NamedTuple):
    """What one size has kept; a picture without rows where the request wants the last iteration's."""

    picture: tf.Tensor  # float32[height or 0, width, 3]
    loss: tf.Tensor  # float32[]: of the best picture

    def seen(self, image: tf.Tensor, loss: tf.Tensor, recipe: Recipe) -> Kept:
        """After an iteration has found the total loss of the picture that it began with."""
        better = recipe.keeps_best & (loss < self.loss)
        picture = tf.where(better, image[: tf.shape(self.picture)[0]], self.picture)
        return Kept(tf.ensure_shape(picture, self.picture.shape), tf.where(better, loss, self.loss))

    def stepped(self, image: tf.Tensor, recipe: Recipe) -> Kept:
        """After an iteration has updated the picture."""
        decay = recipe.options["average"]
        rows = image[: tf.shape(self.picture)[0]]
        average = decay * self.picture + (1.0 - decay) * rows
        picture = tf.where(decay > 0, average, self.picture)
        return self._replace(picture=tf.ensure_shape(picture, self.picture.shape))

    def result(self, image: tf.Tensor, iterations: tf.Tensor, recipe: Recipe) -> tf.Tensor:
        """What to return after `iterations`, int32[], at this size, where `image` is the last picture."""
        decay = recipe.options["average"]
        # The average began with the first picture: Adam's bias correction, as in crowsonkb/style-transfer-pytorch, EMA.
        weight = 1.0 - tf.pow(decay, tf.cast(iterations + 1, tf.float32))
        wanted = tf.cond(decay > 0, lambda: self.picture / weight, lambda: self.picture)
        return tf.ensure_shape(tf.cond(_keeps(recipe), lambda: wanted, lambda: image), [None, None, 3])


def kept_from(image: tf.Tensor, recipe: Recipe) -> Kept:
    """At the beginning of a size, with its first picture."""
    rows = image[: kept_rows(tf.shape(image)[0], recipe)]
    picture = tf.where(recipe.options["average"] > 0, (1.0 - recipe.options["average"]) * rows, rows)
    return Kept(picture, tf.constant(tf.float32.max))


def kept_rows(height: tf.Tensor, recipe: Recipe) -> tf.Tensor:
    """How many rows of a picture of `height`, int32[], are kept: int32[]."""
    return tf.where(_keeps(recipe), height, 0)


def _keeps(recipe: Recipe) -> tf.Tensor:
    return recipe.keeps_best | (recipe.options["average"] > 0)
