"""Models for the tests, each exported once in a run: it takes seconds, and every worker would do it again."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from nst_export.export import export_version
from nst_graph.limits import Limits

WIDTH_DIVISOR = 16
LIMITS = Limits(max_pixels=128 * 128, max_iterations=100)


class Exports:
    """Models in a folder that all workers of a run share. Tests that change one make a copy of it first."""

    def __init__(self, tmp_path_factory: pytest.TempPathFactory) -> None:
        base = tmp_path_factory.getbasetemp()
        self._folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "exports"
        self._folder.mkdir(exist_ok=True)

    def __call__(self, name: str, **options: Any) -> Path:
        """The folder of the model `name`, with version 1 in it. `options` are those of `export_version`."""
        model_dir = self._folder / name
        with FileLock(f"{model_dir}.lock"):
            if not model_dir.exists():
                export_version(
                    model_dir, **{"weights": "random:0", "limits": LIMITS, "width_divisor": WIDTH_DIVISOR} | options
                )
        return model_dir
