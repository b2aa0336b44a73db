"""The client's table of options and the graph's: two, since the client must not import the graph, and the same."""

from __future__ import annotations

import pytest

from nst_client import contract
from nst_graph.options import OPTIONS


def test_both_tables_have_the_same_rows():
    assert contract.INPUTS.keys() == {option.name for option in OPTIONS}


def test_the_rows_that_callers_give_have_the_same_order_in_both():
    assert list(contract.OPTIONS) == [option.name for option in OPTIONS if option.name in contract.OPTIONS]


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_a_row_says_the_same_in_both(option):
    row = contract.INPUTS[option.name]
    assert (row.dtype, len(row.axes.split(",")) if row.axes else 0) == (option.dtype, len(option.shape))
    assert (row.minimum or 0, row.maximum or 0, row.exclusive_minimum) == (
        option.minimum,
        option.maximum,
        option.exclusive_minimum,
    )
    assert (row.choices, row.default) == (option.choices, option.default)
    assert (row.meaning, row.unit) == (option.meaning, option.unit)
