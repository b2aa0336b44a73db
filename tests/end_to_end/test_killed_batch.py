"""A batch over real servers, of which one dies, and a batch that is killed itself."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from nst_client import Picture, StyleClient, read_picture, write_picture
from nst_export.export import export_version
from tests.conftest import picture
from tests.exports import WIDTH_DIVISOR

pytestmark = pytest.mark.slow

NST = [sys.executable, "-m", "nst_client"]
ITERATIONS, SIDE = 300, 64


@pytest.fixture(scope="module")
def servers(tmp_path_factory) -> Iterator[list[tuple[subprocess.Popen[str], str]]]:
    """Three processes that serve the same model, and their addresses."""
    model_dir = tmp_path_factory.mktemp("models") / "nst"
    export_version(model_dir, weights="random:0", width_divisor=WIDTH_DIVISOR)
    command = [*NST, "serve", str(model_dir), "--port", "0"]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    yield [(process, process.stdout.readline().split(" at ")[1].split()[0]) for process in processes]
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> tuple[Path, Path]:
    """Four contents and two styles."""
    root = tmp_path_factory.mktemp("pictures")
    for folder, count in (("photos", 4), ("paintings", 2)):
        (root / folder).mkdir()
        for index in range(count):
            write_picture(root / folder / f"{index}.png", Picture(picture(SIDE, SIDE, seed=index + 10 * count)))
    return root / "photos", root / "paintings"


@pytest.fixture(scope="module")
def expected(servers, folders) -> dict[str, np.ndarray]:
    """What one call for each picture gives."""
    contents, styles = ({file.stem: read_picture(file).pixels for file in folder.iterdir()} for folder in folders)
    with StyleClient(servers[0][1]) as client:
        return {
            f"{c}_{s}.png": client.stylize(contents[c], styles[s], iterations=ITERATIONS).image
            for c in contents
            for s in styles
        }


def start(folders: tuple[Path, Path], out: Path, addresses: list[str]) -> subprocess.Popen[str]:
    servers = [word for address in addresses for word in ("--server", address)]
    options = ["--size", "0", "--iterations", str(ITERATIONS), "--in-flight", "3"]
    command = [*NST, "batch", "-c", str(folders[0]), "-s", str(folders[1]), "-o", str(out), *options, *servers]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def recorded(out: Path) -> list[str]:
    file = out / "journal.jsonl"
    lines = file.read_text().splitlines()[1:] if file.exists() else []
    return [json.loads(line)["done"] for line in lines]


def wait_for(process: subprocess.Popen[str], out: Path, pictures: int) -> None:
    end = time.monotonic() + 120
    while len(recorded(out)) < pictures:
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < end
        time.sleep(0.05)


def assert_pictures(out: Path, expected: dict[str, np.ndarray]) -> None:
    assert len(expected) == 8
    for name, image in expected.items():
        assert np.array_equal(read_picture(out / name).pixels, image), name


def test_a_batch_that_is_killed_goes_on_and_does_nothing_twice(servers, folders, expected, tmp_path):
    out = tmp_path / "out"
    addresses = [address for _, address in servers]
    for pictures in (1, 3, 6):
        process = start(folders, out, addresses)
        wait_for(process, out, pictures)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    stdout, stderr = (process := start(folders, out, addresses)).communicate(timeout=300)
    assert process.returncode == 0, stderr
    assert sorted(recorded(out)) == sorted(expected)  # each of them once
    assert_pictures(out, expected)
    assert not list(out.glob("*.nst"))
    assert stdout.splitlines() == [str(out / "contact_sheet.jpg"), str(out / "index.html")]


def test_a_batch_outlives_one_of_its_servers(servers, folders, expected, tmp_path):
    out = tmp_path / "out"
    process = start(folders, out, [address for _, address in servers])
    wait_for(process, out, 2)
    os.kill(servers[2][0].pid, signal.SIGKILL)
    _, stderr = process.communicate(timeout=300)
    assert process.returncode == 0, stderr
    assert sorted(recorded(out)) == sorted(expected)
    assert_pictures(out, expected)
