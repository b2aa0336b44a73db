"""The SavedModels of other makers, each written once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.export.toolkit.makers import MAKERS

ModelOf = Callable[[str], Path]


@pytest.fixture(scope="package")
def model_of(tmp_path_factory) -> ModelOf:
    """The folder of a maker's model, with version 1 in it."""
    base = tmp_path_factory.mktemp("makers")

    def model(name: str) -> Path:
        folder = base / name
        if not folder.exists():
            MAKERS[name](folder / "1")
        return folder

    return model


@pytest.fixture
def broken_copy(tmp_path) -> Callable[[Path], Path]:
    """Copies a model's folder, for a test that breaks it, and returns version 1 of the copy."""

    def copy(model_dir: Path) -> Path:
        shutil.copytree(model_dir, tmp_path / "copy")
        return tmp_path / "copy" / "1"

    return copy
