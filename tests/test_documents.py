"""What the documents have from the program is what the program says."""

from __future__ import annotations

import pytest

from tests.documents import DOCUMENTS, PART, PARTS, ROOT, renewed


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_generated_parts_are_up_to_date(name: str):
    text = (ROOT / name).read_text()
    assert text == renewed(text), f"{name} is stale: run `make docs` and commit what it writes."


def test_every_part_stands_in_a_document():
    found = {part[1] for name in DOCUMENTS for part in PART.findall((ROOT / name).read_text())}
    assert found == set(PARTS)


def test_a_stale_part_is_made_anew_and_the_rest_is_left():
    text = "before\n<!-- begin options: made by make docs -->\nstale\n<!-- end options -->\nbehind\n"
    made = renewed(text)
    assert "stale" not in made
    assert made.startswith("before\n<!-- begin options: made by make docs -->\n| option |")
    assert made.endswith("|\n<!-- end options -->\nbehind\n")
    assert renewed(made) == made
