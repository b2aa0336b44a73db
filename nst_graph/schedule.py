"""Coarse to fine: which sizes a run paints at, and which of them an iteration belongs to.

Everything follows from the plan and the number of iterations done, never from how a run is split into calls.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from nst_graph.decisions import at_least
from nst_graph.limits import MIN_SIDE
from nst_graph.presets import MAX_LEVELS, Plan


class Schedule(NamedTuple):
    """A checked plan."""

    sizes: tf.Tensor  # int32[levels]: longest sides in pixels, ascending
    level_iterations: tf.Tensor  # int32[levels]

    @property
    def starts(self) -> tf.Tensor:
        """Numbers of the levels' first iterations: int32[levels]. One above int32 is as good as its largest number."""
        sums = tf.cumsum(tf.cast(self.level_iterations, tf.int64), exclusive=True)
        return tf.cast(tf.minimum(sums, tf.int32.max), tf.int32)


def level_of(iteration: tf.Tensor, starts: tf.Tensor) -> tf.Tensor:
    """The level that iteration number `iteration`, int32[] from 0, belongs to, by `Schedule.starts`: int32[]."""
    return tf.reduce_sum(at_least(iteration, starts[1:]))


def candidates(plan: Plan) -> list[tuple[float, float, float]]:
    """The sizes that a plan may have below a content's: a part of the content's size, pixels, and the least size.

    A size is the sum of the first two. All plans have as many rows, so that the graph finds them in one table.
    """
    parts = [plan.ratio**-power for power in range(plan.levels - 1, 0, -1)] if plan.ratio else []
    rows = [(part, 0.0, float(plan.smallest)) for part in parts] + [(0.0, float(size), 0.0) for size in plan.sizes]
    return rows + [(0.0, 0.0, float("inf"))] * (MAX_LEVELS - len(rows))


def planned_sizes(rows: tf.Tensor, height: tf.Tensor, width: tf.Tensor) -> tf.Tensor:
    """The sizes for a content, int32[] each, of a plan's `candidates`, float32[MAX_LEVELS, 3]: int32[levels]."""
    longest = tf.maximum(height, width)
    parts, pixels, smallest = tf.unstack(rows, axis=1)
    sizes = tf.round(tf.cast(longest, tf.float32) * parts + pixels)
    large = sizes >= smallest
    sizes = tf.cast(sizes, tf.int32)
    fits = large & (sizes < longest) & (tf.reduce_min(sides(height, width, sizes), axis=-1) >= MIN_SIDE)
    return tf.concat([tf.boolean_mask(sizes, fits), longest[tf.newaxis]], axis=0)


def planned_iterations(first: tf.Tensor, later: tf.Tensor, levels: tf.Tensor) -> tf.Tensor:
    """int32[levels] from int32[] each."""
    return tf.concat([first[tf.newaxis], tf.fill([levels - 1], later)], axis=0)


def sides(height: tf.Tensor, width: tf.Tensor, longest: tf.Tensor) -> tf.Tensor:
    """Height and width whose longest is given: int32[..., 2] from int32[...]; proportions are kept."""
    both = tf.cast(tf.stack([height, width]), tf.float64)
    factor = tf.cast(longest, tf.float64)[..., tf.newaxis] / tf.reduce_max(both)
    return tf.cast(tf.round(both * factor), tf.int32)
