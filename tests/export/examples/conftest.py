"""The pictures that every example is run on, what `nst stylize` makes of them, and a way to run a program."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from nst_client.cli import app
from tests.conftest import picture

EXAMPLES = Path(__file__).parents[3] / "export" / "examples"
ITERATIONS = 5


class Pictures(NamedTuple):
    """PNG files, which all decoders read alike, and the picture of each content as `nst stylize` makes it."""

    contents: list[Path]
    style: Path
    expected: list[np.ndarray]


@pytest.fixture(scope="session")
def pictures(server, tmp_path_factory) -> Pictures:
    folder = tmp_path_factory.mktemp("pictures")
    (folder / "contents").mkdir()
    style, contents, expected = folder / "style.png", [], []
    Image.fromarray(picture(56, 40, seed=2)).save(style)
    for seed, name in enumerate("abc"):
        contents.append(folder / "contents" / f"{name}.png")
        Image.fromarray(picture(48, 64, seed=seed)).save(contents[-1])
        output = folder / f"{name}-expected.png"
        words = ["stylize", contents[-1], style, "-o", output, "--size", 0, "--iterations", ITERATIONS]
        result = CliRunner().invoke(app, [str(word) for word in [*words, "--server", server.address]])
        assert result.exit_code == 0, result.output
        expected.append(pixels_of(output))
    return Pictures(contents, style, expected)


def pixels_of(file: Path) -> np.ndarray:
    return np.asarray(Image.open(file))


def run(*command: object, cwd: Path | None = None, timeout: float = 300, **environment: str) -> str:
    """Runs a program, as a reader would outside this project, and returns what it printed.

    Raises:
        AssertionError: it failed; the text is what it said.
    """
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    finished = subprocess.run(
        list(map(str, command)),
        env={**kept, **environment},
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )
    assert finished.returncode == 0, f"{command[0]} said: {finished.stdout}{finished.stderr}"
    return finished.stdout


def run_python(example: str, *arguments: object) -> str:
    return run(sys.executable, EXAMPLES / example, *arguments)
