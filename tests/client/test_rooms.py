"""client/README.md has an order in which to read every folder."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CLIENT = Path(__file__).parents[2] / "client"
ROOMS = sorted(init.parent.name for init in (CLIENT / "nst_client").glob("*/__init__.py"))


@pytest.mark.parametrize("room", ROOMS)
def test_the_order_of_a_room_has_each_of_its_files(room: str):
    (row,) = re.findall(rf"^\| `{room}/`.*\|$", (CLIENT / "README.md").read_text(), re.MULTILINE)
    named = re.findall(r"`(\w+)`", row.split("|", 2)[2])
    files = {file.stem for file in (CLIENT / "nst_client" / room).glob("*.py")} - {"__init__"}
    assert sorted(named) == sorted(files)
