"""Models that hold between them every op that an export can write, and environments with other TensorFlows."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nst_export.saved_model.ops import read_graph
from nst_graph.execution import Execution

CACHE = Path(__file__).parents[2] / ".venv"  # ignored by git; a second run finds the environments there
VERSIONS = ["2.19.1", "2.20.0"]
PYTHONS = ["python3.12", "python3.11", "python3.10"]  # those that have wheels of all `VERSIONS`

EXPORTS = {
    "every option, bfloat16": {
        "preset_name": "eager",
        "precision": "bfloat16",
        "execution": Execution(exclusive=True, max_seconds=60.0, xla=True),
    },
    "exclusive, float16": {"precision": "float16", "pooling": "max", "execution": Execution(exclusive=True)},
}


@pytest.fixture(scope="session")
def graphs(tiny_model_dir, exports):
    """The graphs of an export without options and of each of `EXPORTS`."""
    return {"defaults": read_graph(tiny_model_dir / "1")} | {
        name: read_graph(exports(name, width_divisor=64, **choices) / "1") for name, choices in EXPORTS.items()
    }


@pytest.fixture(scope="session", params=["defaults", *EXPORTS])
def graph(request, graphs):
    return graphs[request.param]


def interpreter() -> str:
    """A Python that has wheels of all `VERSIONS`: this one if it is old enough."""
    if sys.version_info < (3, 13):
        return sys.executable
    found = next(filter(None, map(shutil.which, PYTHONS)), None)
    assert found, f"TensorFlow {VERSIONS[0]} needs one of {', '.join(PYTHONS)}"
    return found


@pytest.fixture(scope="session", params=VERSIONS)
def environment(request):
    """Version and interpreter of an environment with that TensorFlow and Pillow, made at the first run."""
    folder = CACHE / f"compat-{request.param}"
    python, finished = folder / "bin" / "python", folder / "finished"
    if not finished.exists():
        subprocess.run([interpreter(), "-m", "venv", "--clear", folder], check=True)
        packages = [f"tensorflow=={request.param}", "pillow"]
        pip = [python, "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
        pip.append("--no-cache-dir")  # the environment itself is kept, and a TensorFlow twice fills disks
        subprocess.run([*pip, *packages], check=True, timeout=1800)
        finished.touch()
    return request.param, python


def run(python, *arguments):
    """Runs a script in an environment, which has nothing of this project."""
    kept = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    command = [str(python), *map(str, arguments)]
    return subprocess.run(command, env=kept, capture_output=True, text=True, check=False)
