"""`nst stylize` on two pictures of a test, and what it leaves."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
from typer.testing import CliRunner, Result

from nst_client import errors
from nst_client.cli import app
from nst_client.files.pictures import read_picture
from nst_client.jobs.state_file import SavedRun
from nst_client.progress import Progress

ITERATIONS = 60  # of a run, more than a test of another length does


class Files(NamedTuple):
    content: Path
    style: Path
    output: Path

    @property
    def state(self) -> Path:
        return self.output.with_name("out.png.nst")

    @property
    def left(self) -> list[str]:
        return sorted(file.name for file in self.output.parent.iterdir())


class Cli:
    """Runs `nst stylize` in this process, or in one of its own."""

    def __init__(self, files: Files, address: str) -> None:
        self._files = files
        self._running: list[subprocess.Popen[str]] = []
        self.address = address

    def words(self, *options: object, pictures: tuple[Path, Path] | None = None, server: str = "") -> list[str]:
        content, style = pictures or self._files[:2]
        known = ["--server", server or self.address, "--size", 0]
        return [str(word) for word in ("stylize", content, style, "-o", self._files.output, *known, *options)]

    def __call__(self, *options: object, **where) -> Result:
        return CliRunner().invoke(app, self.words(*options, **where))

    def start(
        self, *options: object, server: str = "", stderr: int = subprocess.PIPE, **environment: str
    ) -> subprocess.Popen[str]:
        return self.start_words(self.words(*options, server=server), stderr, **environment)

    def start_words(self, words: list[str], stderr: int = subprocess.PIPE, **environment: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "nst_client", *words]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TERM": "xterm", **environment}
        pipes = {"stdout": subprocess.PIPE, "stderr": stderr}
        self._running.append(subprocess.Popen(command, text=True, env=environment, **pipes))
        return self._running[-1]

    def close(self) -> None:
        for process in self._running:
            process.kill()
            process.communicate()


def saved(calls: list[Progress], iterations: int, **settings: object) -> SavedRun:
    losses = np.concatenate([call.losses for call in calls])
    last = calls[-1]._replace(losses=losses, iterations=iterations)
    return SavedRun(last, {"iterations": iterations, **settings})


def pixels_of(file: Path) -> np.ndarray:
    return read_picture(file).pixels


def command_in(text: str) -> list[str]:
    """What a person is told to type, as the shell would read it, after `nst`."""
    (command,) = re.findall(r"o on with: (.*)$", text, re.MULTILINE)
    nst, *words = shlex.split(command)
    assert nst == "nst"
    return words


def refused(done: Result, kind: type[errors.NstError], words: str) -> errors.NstError:
    assert done.exit_code == 1
    assert type(done.exception) is kind, done.exception
    assert words in str(done.exception)
    return done.exception
