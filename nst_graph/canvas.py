"""Which part of a picture is painted: what the network sees of it, and what is returned."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from nst_graph import decisions
from nst_graph.colors import luma, with_chroma
from nst_graph.decisions import holds, no
from nst_graph.tiles import Tile


class Canvas(NamedTuple):
    """A content at one size, and how much of each place is painted over.

    The optimiser changes a picture of its own. At a place of strength s the network sees s of it and 1 - s of the
    content: there it changes s times as much, and nothing where s is 0.
    """

    content: tf.Tensor  # float32[height, width, 3] in 0..255
    strength: tf.Tensor  # float32[height, width, 1] in 0..1; or [1, 1, 1], the same everywhere
    luminance: tf.Tensor  # int32[]: 1 where luma alone is painted, else 0

    def seen(self, image: tf.Tensor) -> tf.Tensor:
        """What the network sees of the optimiser's picture: float32[height, width, 3] each."""
        return self.strength * self._grey(image) + (1.0 - self.strength) * self._grey(self.content)

    @property
    def is_plain(self) -> tf.Tensor:
        """Whether the network sees the optimiser's picture itself, whatever that is: 1 or 0, int32[]."""
        return no(self.luminance) * tf.cast(tf.reduce_all(self.strength == 1.0), tf.int32)

    def of(self, tile: Tile) -> Canvas:
        """Of what is computed of a tile."""
        return self._replace(content=tile.of(self.content), strength=tile.of(self.strength))

    def all_of(self, picture: tf.Tensor, *, grey: tf.Tensor) -> Canvas:
        """One on which the network sees this picture, float32[height, width, 3], in grey where `grey`, 1 or 0, too."""
        return self._replace(content=picture, strength=tf.ones([1, 1, 1]), luminance=self.luminance * grey)

    def result(self, image: tf.Tensor) -> tf.Tensor:
        """What is returned of the optimiser's picture: float32[height, width, 3] each."""
        painted = decisions.cond(self.luminance, lambda: with_chroma(luma(image), self.content), lambda: image)
        return self.strength * painted + (1.0 - self.strength) * self.content

    def _grey(self, picture: tf.Tensor) -> tf.Tensor:
        """The picture itself unless its luma alone is wanted; a choice that has a gradient and no branch."""
        return tf.where(holds(self.luminance), luma(picture), picture)


CANVAS = Canvas(tf.TensorSpec([None, None, 3]), tf.TensorSpec([None, None, 1]), tf.TensorSpec([], tf.int32))
