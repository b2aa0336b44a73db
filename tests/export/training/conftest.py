"""Keeps PyTorch out of processes that run none of its tests."""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Its tests are all slow, and each worker that so much as collects them has 200 MB more."""
    return True if collection_path.name == "test_run.py" and config.option.markexpr == "not slow" else None
