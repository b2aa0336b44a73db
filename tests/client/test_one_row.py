"""A row in the client's table, and nothing else, gives an option everywhere: tried on a copy of the client."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

import nst_client

ROW = '    dummy_weight: Annotated[float, Option("A row made up.", 0, 8)]\n'
BEFORE = "    content_weight: "

# Everything that is made from the table, told as JSON. argv: a folder with a.png, and a server's address.
TOLD = """
import json, sys
from pathlib import Path
import numpy as np
from nst_client import NstError, StyleClient
from nst_client.batch.gallery import Entry, write_gallery
from nst_client.batch.manifest import manifest_pairs
from nst_client.calls.inputs import picture_inputs
from nst_client.jobs.settings import Settings, settings_of_json

folder = Path(sys.argv[1])
(folder / "pairs.csv").write_text("content,style,dummy_weight\\na.png,a.png,0.5\\n")
(pair,) = manifest_pairs(folder / "pairs.csv", folder, Settings(3, 0))
page = write_gallery(folder, [Entry(pair)]).read_text()
picture = np.zeros((32, 32, 3), np.uint8)
with StyleClient(sys.argv[2]) as client:
    refusals = []
    for call in (client.stylize, lambda *pictures, **options: next(client.watch(*pictures, **options))):
        try:
            call(picture, picture, iterations=1, dummy_weight=0.5)
        except NstError as error:
            refusals.append(str(error))
print(json.dumps({
    "manifest": pair.settings.as_json(),
    "again": settings_of_json(pair.settings.as_json()) == pair.settings,
    "caption": "dummy&nbsp;weight&nbsp;0.5" in page,
    "sent": float(picture_inputs(picture, picture, pair.settings.options)["dummy_weight"]),
    "refusals": refusals,
}))
"""


@pytest.fixture
def with_a_row(tmp_path: Path) -> dict[str, str]:
    """The environment in which `nst_client` is a copy whose table has one row more."""
    copy = tmp_path / "copy" / "nst_client"
    shutil.copytree(Path(nst_client.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    table = (copy / "contract.py").read_text()
    assert table.count(BEFORE) == 1
    (copy / "contract.py").write_text(table.replace(BEFORE, f"{ROW}{BEFORE}"))
    return {"PYTHONPATH": os.pathsep.join([str(copy.parent), *sys.path])}


@pytest.mark.parametrize("command", ["stylize", "batch"])
def test_the_command_has_the_option(nst, with_a_row, command: str):
    help_text = nst(command, "--help", **with_a_row).stdout
    (line,) = [line for line in help_text.splitlines() if "--dummy-weight" in line]
    assert "A row made up. From 0 to 8." in line


def test_the_option_is_known_from_the_table_to_the_wire(python, server, with_a_row, tmp_path: Path):
    (tmp_path / "a.png").touch()
    done = python(TOLD, tmp_path, server.address, **with_a_row)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "manifest": {"iterations": 3, "size": 0, "dummy_weight": 0.5},
        "again": True,
        "caption": True,
        "sent": 0.5,
        "refusals": ["This model knows no `dummy_weight`: export it again."] * 2,
    }


def test_the_command_line_sends_the_option(nst, server, with_a_row, files):
    done = nst(
        "stylize", *files[:2], "-o", files.output, "--server", server.address, "--dummy-weight", 0.5, **with_a_row
    )
    assert done.returncode == 1
    assert "This model knows no `dummy_weight`: export it again." in done.stderr
