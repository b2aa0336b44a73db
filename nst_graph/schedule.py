"""Coarse to fine: which sizes a run paints at, and which of them an iteration belongs to.

Everything follows from the plan and the number of iterations done, never from how a run is split into calls.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from nst_graph.limits import MIN_SIDE
from nst_graph.presets import Plan


class Schedule(NamedTuple):
    """A checked plan."""

    sizes: tf.Tensor  # int32[levels]: longest sides in pixels, ascending
    level_iterations: tf.Tensor  # int32[levels]

    def level(self, iteration: tf.Tensor) -> tf.Tensor:
        """The level that iteration number `iteration`, int32[] from 0, belongs to: int32[]."""
        return tf.reduce_sum(tf.cast(iteration >= self._starts[1:], tf.int32))

    def start(self, level: tf.Tensor) -> tf.Tensor:
        """Number of the first iteration of a level: int32[]."""
        return self._starts[level]

    def end(self, level: tf.Tensor) -> tf.Tensor:
        """Number of the first iteration behind a level: int32[]; the last level has no end."""
        return tf.concat([self._starts[1:], [tf.int32.max]], axis=0)[level]

    @property
    def _starts(self) -> tf.Tensor:
        """int32[levels]. A sum above int32 is as good as int32's largest number."""
        sums = tf.cumsum(tf.cast(self.level_iterations, tf.int64), exclusive=True)
        return tf.cast(tf.minimum(sums, tf.int32.max), tf.int32)


def planned_sizes(plan: Plan, height: tf.Tensor, width: tf.Tensor) -> tf.Tensor:
    """The sizes of a preset's plan for a content, int32[] each: int32[levels]."""
    longest = tf.maximum(height, width)
    sizes = _smaller_sizes(plan, longest)
    fits = tf.reduce_min(sides(height, width, sizes), axis=-1) >= MIN_SIDE
    return tf.concat([tf.boolean_mask(sizes, fits), longest[tf.newaxis]], axis=0)


def planned_iterations(first: tf.Tensor, later: tf.Tensor, levels: tf.Tensor) -> tf.Tensor:
    """int32[levels] from int32[] each."""
    return tf.concat([first[tf.newaxis], tf.fill([levels - 1], later)], axis=0)


def sides(height: tf.Tensor, width: tf.Tensor, longest: tf.Tensor) -> tf.Tensor:
    """Height and width whose longest is given: int32[..., 2] from int32[...]; proportions are kept."""
    both = tf.cast(tf.stack([height, width]), tf.float64)
    factor = tf.cast(longest, tf.float64)[..., tf.newaxis] / tf.reduce_max(both)
    return tf.cast(tf.round(both * factor), tf.int32)


def _smaller_sizes(plan: Plan, longest: tf.Tensor) -> tf.Tensor:
    """The plan's sizes below `longest`, int32[], ascending: int32[any]. Some may be too small for the content."""
    if not plan.ratio:
        fixed = tf.constant(plan.sizes, tf.int32, shape=[len(plan.sizes)])
        return tf.boolean_mask(fixed, fixed < longest)
    powers = tf.constant([plan.ratio**-power for power in range(plan.levels - 1, 0, -1)], tf.float32)
    sizes = tf.cast(tf.round(tf.cast(longest, tf.float32) * powers), tf.int32)
    return tf.boolean_mask(sizes, (sizes >= plan.smallest) & (sizes < longest))
