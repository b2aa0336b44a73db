"""What the exporter's tests share: small networks, and a clean environment for programs they start."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import keras
import pytest

from nst_graph.presets import PRESETS
from nst_graph.style_transfer import network_for
from tests.exports import WIDTH_DIVISOR

RunPython = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def tiny_network() -> keras.Model:
    """A network as the preset `nst` wants it, with untrained weights."""
    return network_for(PRESETS["nst"], width_divisor=WIDTH_DIVISOR)


@pytest.fixture
def run_python() -> RunPython:
    """Runs Python in a fresh process in which TensorFlow's log level is not set."""

    def run(*arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
        path = os.pathsep.join(entry for entry in sys.path if entry)
        return subprocess.run(
            [sys.executable, *map(str, arguments)],
            env={**kept, "PYTHONPATH": path, **variables},
            capture_output=True,
            text=True,
            check=False,
        )

    return run
