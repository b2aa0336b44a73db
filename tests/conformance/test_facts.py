"""Every case says where its truth comes from, and the README lists those that nobody has watched yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.calls import SEEN

FOLDER = Path(__file__).parent


def fact_of(item: pytest.Function) -> str:
    """A case's own fact, or else its test's."""
    case = getattr(item, "callspec", None) and item.callspec.params.get("case")
    marker = item.get_closest_marker("fact")
    return getattr(case, "fact", "") or (marker.args[0] if marker else "")


def lines_about(item: pytest.Function) -> list[str]:
    """The README's lines about a case that rests on source alone."""
    case = getattr(item, "callspec", None) and item.callspec.params.get("case")
    if hasattr(case, "fact"):
        return [f"- `{item.originalname}`", f"  - {case}: {fact_of(item)}"]
    return [f"- `{item.originalname}`: {fact_of(item)}"]


def cases(request: pytest.FixtureRequest) -> list[pytest.Function]:
    return [item for item in request.session.items if item.path.parent == FOLDER and item.path.name != "test_facts.py"]


def test_every_case_cites_a_fact(request):
    assert not [item.name for item in cases(request) if not fact_of(item)]


def test_the_readme_lists_the_cases_that_were_read_and_not_seen(request):
    """Where only some files were collected, only theirs are looked for."""
    listed = (FOLDER / "README.md").read_text().partition("## Read, not seen")[2].splitlines()
    due = [line for item in cases(request) if not fact_of(item).startswith(SEEN) for line in lines_about(item)]
    due = list(dict.fromkeys(due))
    assert not set(due) - set(listed), "\n".join(["missing:", *(line for line in due if line not in listed)])
    if {item.path.name for item in cases(request)} == {file.name for file in FOLDER.glob("test_*.py")} - {
        "test_facts.py"
    }:
        entries = [line for line in listed if line.lstrip().startswith("- ")]
        assert not set(entries) - set(due), "\n".join(["too many:", *(line for line in entries if line not in due)])
