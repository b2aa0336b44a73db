"""Tables of a batch, and the folders that they stand in: below the folder in which the test runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from nst_client.batch.manifest import manifest_pairs
from nst_client.errors import ManifestError
from nst_client.jobs.job import Job
from nst_client.jobs.settings import Settings

SETTINGS = Settings(20, 64, {"style_weight": 2.0})


def make_folders() -> None:
    """A folder with pictures, one for results, and one for tables."""
    for name in ("out", "tables/photos"):
        Path(name).mkdir(parents=True)
    for name in ("photos/a.jpg", "photos/b, c.jpg", "x.png", "y.png"):
        (Path("tables") / name).touch()


def read(table: str | bytes, output_dir: str = "out", settings: Settings = SETTINGS) -> list[Job]:
    file = Path("tables/pairs.csv")
    file.write_bytes(table if isinstance(table, bytes) else table.encode())
    return manifest_pairs(file, Path(output_dir), settings)


def problems(table: str | bytes, settings: Settings = SETTINGS) -> list[str]:
    """What is said of a table, line by line, without the dashes and full stops."""
    with pytest.raises(ManifestError) as raised:
        read(table, settings=settings)
    assert raised.value.remedy.endswith(".")
    first, *others = str(raised.value).split("\n")
    name = "tables/pairs.csv:"
    if not others:
        assert first.startswith(f"{name} ")
        return [first.removeprefix(name).strip().removesuffix(".")]
    assert first == name
    assert all(line.startswith("- ") and line.endswith(".") for line in others)
    return [line[2:-1] for line in others]
