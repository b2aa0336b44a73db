"""What is made to do harm is refused by every command in one sentence, in little time and little memory."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from nst_export.errors import ExportError
from nst_export.toolkit.inspection import inspected, version_folder_of
from tests.export.hostile import EVERY, HOSTILE, Hostile
from tests.export.toolkit.makers import MAKERS

SECONDS = 180.0  # on a busy machine; alone, half a second without TensorFlow and ten with it
MEGABYTES = {"verify": 2000, "run": 1500}  # these load TensorFlow, which takes 500 to 700 by itself
WITHOUT_TENSORFLOW = 300

COMMANDS: dict[str, Callable[[Path], list[object]]] = {
    "inspect": lambda version: ["inspect", version],
    "verify": lambda version: ["verify", version],
    "diff": lambda version: ["diff", "--no-run", version, version],
    "run": lambda version: ["run", version, "counted", "count=3"],
    "copy": lambda version: ["copy", version, version.parents[1] / "copies"],
    "versions": lambda version: ["versions", version.parent],
}


# Between the tests and the command: to the memory of a process Linux counts that of the one which started it.
MEASURING = """
import json, resource, subprocess, sys
seconds, *command = sys.argv[1:]
ended = subprocess.run(
    command, timeout=float(seconds), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
)
print(json.dumps([ended.returncode, ended.stdout, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss]))
"""


class Ended(NamedTuple):
    """A command that has run."""

    code: int
    said: str
    megabytes: float  # of it or of a process that it started, at the peak


@pytest.fixture(scope="module")
def healthy(tmp_path_factory) -> Path:
    version = tmp_path_factory.mktemp("healthy") / "model" / "1"
    MAKERS["many_signatures"](version)
    return version


@pytest.fixture
def spoilt(healthy, tmp_path) -> Callable[[Hostile], Path]:
    def spoil(hostile: Hostile) -> Path:
        version = tmp_path / "model" / "1"
        shutil.copytree(healthy, version)
        hostile.spoil(version)
        return version

    return spoil


def nst(*words: object) -> Ended:
    command = [sys.executable, "-c", MEASURING, str(SECONDS), sys.executable, "-m", "nst_client", *map(str, words)]
    environment = {**os.environ, "PYTHONPATH": ":".join(filter(None, sys.path))}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    code, said, kilobytes = json.loads(ended.stdout)
    return Ended(code, " ".join(said.split()), kilobytes / 1000)


def test_every_command_has_its_words():
    assert set(COMMANDS) == EVERY


@pytest.mark.parametrize("name", HOSTILE)
def test_a_look_at_the_files_finds_it(name, spoilt):
    hostile = HOSTILE[name]
    version = spoilt(hostile)
    try:
        problems = inspected(version_folder_of(version)).problems
    except ExportError as error:
        problems = [str(error)]
    found = any(hostile.said in problem for problem in problems)
    assert found == ("inspect" not in hostile.unmoved), problems


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_command_neither_hangs_nor_fills_memory(name, command, spoilt):
    hostile = HOSTILE[name]
    ended = nst(*COMMANDS[command](spoilt(hostile)))
    assert "Traceback" not in ended.said
    assert ended.megabytes < MEGABYTES.get(command, WITHOUT_TENSORFLOW)
    if command in hostile.unmoved:
        assert ended.code == 0, ended.said
    else:
        assert hostile.said in ended.said
        assert ended.code == (0 if command == "versions" else 1)  # which lists what is damaged, among others
