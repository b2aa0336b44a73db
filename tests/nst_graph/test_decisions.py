"""Decisions in whole numbers, against Python's."""

from __future__ import annotations

from itertools import product

import pytest
import tensorflow as tf

from nst_graph import decisions

NUMBERS = (-3, 0, 1, 2, 2**31 - 1)


@pytest.mark.parametrize(
    ("number", "other"), [pair for pair in product(NUMBERS, NUMBERS) if max(pair) - min(pair) < 2**31 - 1]
)
def test_comparisons_are_those_of_the_numbers(number, other):
    left, right = tf.constant(number), tf.constant(other)
    assert decisions.at_least(left, right).numpy() == int(number >= other)
    assert decisions.equal(left, right).numpy() == int(number == other)


@pytest.mark.parametrize(("first", "second"), list(product((0, 1), (0, 1))))
def test_combinations_are_those_of_bools(first, second):
    one, two = tf.constant(first), tf.constant(second)
    assert decisions.either(one, two).numpy() == int(first or second)
    assert decisions.no(one).numpy() == int(not first)
    assert bool(decisions.holds(one)) == bool(first)
    assert decisions.where(one, 5, 7).numpy() == (5 if first else 7)


@pytest.mark.parametrize("decision", [0, 1])
def test_a_condition_runs_one_branch_alone(decision):
    ran = []
    assert (
        decisions.cond(tf.constant(decision), lambda: ran.append("yes") or 1, lambda: ran.append("no") or 2)
        == 2 - decision
    )
    assert ran == [["no", "yes"][decision]]
