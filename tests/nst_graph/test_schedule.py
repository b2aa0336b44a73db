from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from nst_graph.presets import PRESETS, Plan
from nst_graph.schedule import Schedule, candidates, level_of, planned_iterations, planned_sizes, sides


@pytest.mark.parametrize(
    ("preset", "size", "expected"),
    [
        ("crowson", (512, 384), [128, 181, 256, 362, 512]),
        ("crowson", (300, 512), [128, 181, 256, 362, 512]),
        ("crowson", (100, 120), [120]),
        ("gatys", (800, 600), [512, 800]),
        ("gatys", (512, 512), [512]),
        ("gatys", (20 * 45, 45), [512, 900][1:]),  # at 512 the short side would have 26 pixels
        ("eager", (512, 384), [512]),
    ],
)
def test_a_presets_plan_is_known(preset, size, expected):
    sizes = planned_sizes(tf.constant(candidates(PRESETS[preset].plan)), *map(tf.constant, size))
    np.testing.assert_array_equal(sizes, expected)


def test_no_more_levels_are_planned_than_the_plan_has():
    plan = Plan(ratio=2.0, smallest=32, levels=3)
    sizes = planned_sizes(tf.constant(candidates(plan)), tf.constant(512), tf.constant(512))
    np.testing.assert_array_equal(sizes, [128, 256, 512])


def test_the_first_level_has_its_own_number_of_iterations():
    iterations = planned_iterations(tf.constant(1000), tf.constant(500), tf.constant(3))
    np.testing.assert_array_equal(iterations, [1000, 500, 500])
    np.testing.assert_array_equal(planned_iterations(tf.constant(7), tf.constant(5), tf.constant(1)), [7])


def test_an_iteration_belongs_to_the_level_in_which_it_lies_and_the_last_has_no_end():
    schedule = Schedule(tf.constant([32, 45, 64]), tf.constant([3, 2, 4]))
    levels = [int(level_of(tf.constant(iteration), schedule.starts)) for iteration in range(12)]
    assert levels == [0, 0, 0, 1, 1, 2, 2, 2, 2, 2, 2, 2]
    assert schedule.starts.numpy().tolist() == [0, 3, 5]


def test_a_sum_of_iterations_above_int32_is_a_level_that_never_comes():
    schedule = Schedule(tf.constant([32, 45, 64]), tf.constant([2**31 - 1] * 3))
    assert int(level_of(tf.constant(10**9), schedule.starts)) == 0


@pytest.mark.parametrize(("longest", "expected"), [(64, (48, 64)), (32, (24, 32)), (45, (34, 45)), (1, (1, 1))])
def test_sides_keep_the_proportions(longest, expected):
    assert tuple(sides(tf.constant(48), tf.constant(64), tf.constant(longest)).numpy()) == expected
