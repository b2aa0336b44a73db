"""The moments of one layer's features, accumulated a tile at a time."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from nst_graph import decisions
from nst_graph.chosen import shared
from nst_graph.decisions import at_least
from nst_graph.moments import Moments, moments_of_rows, sum_of_rows
from nst_graph.tiles import TILE, Tile, counting

_NUMBERS, _ROWS, _MATRICES = (tf.TensorSpec([None] * rank) for rank in (1, 2, 3))
_WHOLE_NUMBER, _SIZE = tf.TensorSpec([], tf.int32), tf.TensorSpec([2], tf.int32)


class RunningMoments(NamedTuple):
    """Of all positions so far, in one picture or several."""

    moments: Moments
    weight: tf.Tensor  # float32[regions]: of these positions together


RUNNING_MOMENTS = RunningMoments(Moments(_ROWS, _MATRICES), _NUMBERS)


def no_moments(regions: tf.Tensor, channels: int) -> RunningMoments:
    """Of no position, for int32[] regions."""
    mean = tf.zeros(tf.stack([regions, channels]))
    return RunningMoments(Moments(mean, tf.zeros(tf.stack([regions, channels, channels]))), tf.zeros([regions]))


@shared(RUNNING_MOMENTS, _WHOLE_NUMBER, _ROWS, _ROWS, _NUMBERS, _WHOLE_NUMBER)
def accumulated(
    before: RunningMoments,
    anew: tf.Tensor,
    rows: tf.Tensor,
    weights: tf.Tensor,
    factors: tf.Tensor,
    centred: tf.Tensor,
) -> RunningMoments:
    """With the positions of another tile.

    Args:
        before: those of the positions so far.
        anew: whether to forget that: 1 or 0.
        rows: the tile's features, float32[positions, channels].
        weights: float32[positions, regions], or without columns where all positions are one region.
        factors: float32[regions]: on the weights, of the picture that the tile is of.
        centred: see `moments_of_rows`; the same for all tiles.
    """
    sums = decisions.cond(at_least(tf.size(weights), 1), lambda: sum_of_rows(weights), lambda: tf.ones([1]))
    now = Moments(*moments_of_rows(rows, tf.math.divide_no_nan(weights, sums), centred))
    weight = sums * factors

    def added() -> RunningMoments:
        together = before.weight + weight
        return RunningMoments(before.moments.mixed(now, tf.math.divide_no_nan(weight, together)), together)

    made: RunningMoments = decisions.cond(anew, lambda: RunningMoments(now, weight), added)
    return made


@shared(_ROWS, TILE, _WHOLE_NUMBER, _SIZE, _SIZE)
def weights_in(weights: tf.Tensor, tile: Tile, scale: tf.Tensor, whole: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """The weights of a tile's positions, 0 in its margin: float32[positions, regions].

    Args:
        weights: of the whole picture's positions: see `nst_graph.moments.moments`.
        tile: one of the picture.
        scale: see `counting`.
        whole: of the whole picture's features: height and width.
        size: of the tile's.
    """
    (top, left), (bottom, right) = (tf.unstack(place) for place in (tile.start // scale, tile.start // scale + size))
    given = tf.reshape(weights, tf.concat([whole, tf.shape(weights)[1:]], axis=0))
    alike = 1.0 / tf.cast(whole[0] * whole[1], tf.float32)
    each = decisions.cond(
        at_least(tf.size(weights), 1), lambda: given[top:bottom, left:right], lambda: tf.fill([1, 1, 1], alike)
    )
    each *= counting(tile, scale, size)
    return tf.ensure_shape(tf.reshape(each, [size[0] * size[1], tf.shape(each)[-1]]), [None, None])
