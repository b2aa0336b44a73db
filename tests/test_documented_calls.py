"""Every call in Python that a README shows runs as it is written there."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]
BLOCKS = {
    f"{file.relative_to(ROOT)}:{number}": block
    for file in sorted([ROOT / "README.md", *ROOT.glob("*/README.md")])
    for number, block in enumerate(re.findall(r"^```python\n(.*?)^```", file.read_text(), re.MULTILINE | re.DOTALL))
}

# What is another here: where things are, and how much the tiny model paints.
NUMBERS = {"200": "4", "400": "6", "700": "8", "128": "44", "256": "56", "512": "64"}


@pytest.fixture
def names(tmp_path, monkeypatch, server, tiny_model_dir, client, content, style):
    """The folder that a reader stands in, and what the text around a block has introduced."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "nst").symlink_to(tiny_model_dir)
    for name, pixels in {"photo.jpg": content, "painting.jpg": style}.items():
        Image.fromarray(pixels).save(tmp_path / name)
    return {"np": np, "client": client, "content": content, "style": style, "other": style[:40]}


def test_there_are_calls_in_three_of_them():
    assert {name.partition(":")[0] for name in BLOCKS} == {"README.md", "client/README.md", "export/README.md"}


@pytest.mark.slow
@pytest.mark.parametrize("name", BLOCKS)
def test_a_documented_call_runs(name, names, server):
    code = BLOCKS[name].replace("localhost:8500", server.address)
    code = re.sub(rf"\b({'|'.join(NUMBERS)})\b", lambda number: NUMBERS[number[0]], code)
    exec(compile(code, name, "exec"), names)  # noqa: S102
    images = [value["image"] for value in (names.get("result"),) if value is not None]
    images += [names[key].image for key in ("stylized", "progress") if key in names]
    assert images
    for image in images:
        assert np.asarray(image).dtype == np.uint8
