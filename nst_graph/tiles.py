"""A picture in tiles, so that the memory of its features is that of a tile.

A tile is computed with a margin of what lies round it, as wide as the network sees: a position of block5_conv2 sees 86
pixels beyond its own 16 x 16 on each side. So each feature that counts is that of the whole picture, and counts in one
tile. Their sums, and the sums of their gradients, are the whole picture's. Tiles begin where all pools do.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import tensorflow as tf

from nst_graph import decisions
from nst_graph.chosen import shared
from nst_graph.limits import TILE_MARGIN, TILE_STEP


class Tile(NamedTuple):
    """Rows and columns of a picture: int32[2] each."""

    first: tf.Tensor  # of those that count
    end: tf.Tensor  # behind the last of them
    start: tf.Tensor  # of those that are computed
    stop: tf.Tensor

    def of(self, picture: tf.Tensor) -> tf.Tensor:
        """What is computed of a picture: any[height, width, channels]. One of [1, 1, channels] stays as it is."""
        start = self.start * tf.minimum(tf.shape(picture)[:2] - 1, 1)
        return picture[start[0] : self.stop[0], start[1] : self.stop[1]]


TILE = Tile(*[tf.TensorSpec([2], tf.int32)] * 4)


@shared(TILE, tf.TensorSpec([], tf.int32), tf.TensorSpec([2], tf.int32))
def counting(tile: Tile, scale: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """1 where features of a tile count, 0 in the margin: float32[height, width, 1].

    Args:
        tile: of a picture.
        scale: pixels from one position of the features to the next, int32[]: 1, 2, 4, 8 or 16.
        size: of the tile's features, int32[2].
    """
    first, end = (tile.first - tile.start) // scale, (tile.end - tile.start) // scale
    rows, columns = ((tf.range(size[side]) >= first[side]) & (tf.range(size[side]) < end[side]) for side in (0, 1))
    return tf.cast(rows[:, tf.newaxis, tf.newaxis] & columns[tf.newaxis, :, tf.newaxis], tf.float32)


class Tiles:
    """All tiles of a picture, row by row, as equal as may be."""

    def __init__(self, size: tf.Tensor, pixels: int) -> None:
        """Takes the picture's height and width, int32[2], and the most pixels of a tile with its margin."""
        self._size = size
        largest = math.isqrt(pixels) // TILE_STEP * TILE_STEP - 2 * TILE_MARGIN
        wanted = decisions.where(decisions.at_least(pixels, size[0] * size[1]), 1, -(-size // largest))
        self._side = TILE_STEP * -(-size // (TILE_STEP * wanted))
        self._grid = -(-size // self._side)
        self.count = self._grid[0] * self._grid[1]  # int32[]

    def tile(self, number: tf.Tensor) -> Tile:
        """The one of a number, int32[]."""
        first = self._side * tf.stack([number // self._grid[1], number % self._grid[1]])
        end = tf.minimum(first + self._side, self._size)
        return Tile(first, end, tf.maximum(first - TILE_MARGIN, 0), tf.minimum(end + TILE_MARGIN, self._size))

    def placed(self, part: tf.Tensor, tile: Tile) -> tf.Tensor:
        """What was computed of one tile, float32[height, width, channels], with zeros in the rest of the picture."""
        around = tf.stack([tile.start, self._size - tile.stop], axis=1)
        return tf.ensure_shape(tf.pad(part, tf.concat([around, [[0, 0]]], axis=0)), [None, None, part.shape[-1]])
