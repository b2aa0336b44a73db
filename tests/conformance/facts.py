"""Where each case has its truth from; as a plugin of pytest, the README's list of those that were read and not seen."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import pytest

from tests.conformance.calls import SEEN

FOLDER = Path(__file__).parent


def fact_of(item: pytest.Function) -> str:
    """A case's own fact, or else its test's."""
    case = getattr(item, "callspec", None) and item.callspec.params.get("case")
    marker = item.get_closest_marker("fact")
    return getattr(case, "fact", "") or (marker.args[0] if marker else "")


def is_case(item: pytest.Item) -> bool:
    return item.path.parent == FOLDER and item.path.name != "test_facts.py"


def lines_about(item: pytest.Function) -> list[str]:
    """A line for the test, and one for the case where it has several."""
    case = getattr(item, "callspec", None) and item.callspec.params.get("case")
    if hasattr(case, "fact"):
        return [f"- `{item.originalname}`", f"  - {case}: {fact_of(item)}"]
    return [f"- `{item.originalname}`: {fact_of(item)}"]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Prints the list, a heading for each file."""
    unseen = [item for item in session.items if is_case(item) and not fact_of(item).startswith(SEEN)]
    lines = []
    for name, items in groupby(sorted(unseen, key=lambda item: item.path.name), key=lambda item: item.path.name):
        lines += [f"### {name}", "", *dict.fromkeys(line for item in items for line in lines_about(item)), ""]
    (session.config.rootpath / session.config.getoption("facts_file")).write_text("\n".join(lines))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--facts-file", help="where the list goes")
