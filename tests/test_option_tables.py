"""The client's table of options and the graph's: two, since the client must not import the graph, and the same."""

from __future__ import annotations

import pytest

from nst_client import contract
from nst_graph.options import OPTIONS


def test_both_tables_have_the_same_rows_in_the_same_order():
    assert list(contract.OPTIONS) == [option.name for option in OPTIONS]


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_a_row_says_the_same_in_both(option):
    row = contract.OPTIONS[option.name]
    assert (row.dtype, row.is_list, row.is_picture) == (option.dtype, len(option.shape) == 1, len(option.shape) == 3)
    assert (row.minimum or 0, row.maximum or 0, row.exclusive_minimum) == (
        option.minimum,
        option.maximum,
        option.exclusive_minimum,
    )
    assert (row.choices, row.default) == (option.choices, option.default)
    assert (row.meaning, row.unit) == (option.meaning, option.unit)
