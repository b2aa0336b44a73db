"""A version to break."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def version(tiny_model_dir: Path, tmp_path: Path) -> Path:
    """A copy of a healthy version."""
    return Path(shutil.copytree(tiny_model_dir / "1", tmp_path / "tiny" / "1"))
