"""A run that has ended well does not fail because its path cannot be printed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nst_client.files.pictures import Picture, write_picture
from tests.client.stylize.command import pixels_of


@pytest.fixture
def printed(files, server, tmp_path):
    """Runs `nst stylize` to a file of a name, with its standard output where a test wants it."""

    def run(name: str, *options: str, stdout: object = subprocess.PIPE, **environment: str):
        command = [sys.executable, "-m", "nst_client", "stylize", files.content, files.style, "-o", name, *options]
        return subprocess.run(
            [*command, "--server", server.address, "--size", "0", "--iterations", "1", "--quiet"],
            stdout=stdout,
            stderr=subprocess.PIPE,
            check=False,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        )

    return run


@pytest.mark.parametrize(
    ("name", "environment", "expected"),
    [
        ("фото.png", {"PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"}, rb"\u0444\u043e\u0442\u043e.png"),
        (os.fsdecode(b"\xff.png"), {"PYTHONIOENCODING": "utf-8"}, rb"\udcff.png"),
        (os.fsdecode(b"\xff.png"), {"PYTHONUTF8": "1", "PYTHONIOENCODING": ""}, b"\xff.png"),
        ("фото.png", {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, "фото.png".encode()),
    ],
)
def test_a_path_that_the_encoding_cannot_say_is_escaped(printed, tmp_path: Path, name, environment, expected):
    done = printed(name, **environment)
    assert (done.returncode, done.stdout.rstrip(), done.stderr) == (0, expected, b"")
    assert pixels_of(tmp_path / name).shape == (48, 64, 3)


def test_a_full_disk_behind_a_redirection_is_told_and_the_picture_named(printed, tmp_path: Path):
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = printed("out.png", stdout=full)
    told = b"Standard output: No space left on device. This was to be printed:\nout.png\n"
    assert (done.returncode, done.stderr) == (0, told)
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = printed("out.png", "--json", stdout=full)
    assert (done.returncode, b'{"output": "out.png", ' in done.stderr) == (0, True)
    assert (tmp_path / "out.png").is_file()


def test_a_reader_that_has_gone_is_no_failure(printed):
    reading, writing = os.pipe()
    os.close(reading)
    done = printed("out.png", stdout=writing)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_batch_of_names_that_are_not_utf_8_ends_well(nst, server, folders):
    contents, styles, out = folders
    for folder in (contents, styles):
        for file in sorted(folder.iterdir())[1:]:
            file.unlink()
    write_picture(contents / os.fsdecode(b"caf\xe9.png"), Picture(pixels_of(contents / "a.png")))
    out = out / os.fsdecode(b"r\xe9sultats")
    options = ["--server", server.address, "--iterations", 1, "--size", 48, "--quiet"]
    done = nst("batch", "-c", contents, "-s", styles, "-o", out, *options, PYTHONIOENCODING="utf-8")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0].endswith(r"r\udce9sultats/contact_sheet.jpg")
    assert (out / os.fsdecode(b"caf\xe9_x.png")).is_file()


def test_so_it_is_with_every_command():
    command = [sys.executable, "-m", "nst_client", "--help"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, env=environment)
    assert done.returncode == 0
    assert done.stderr.startswith("Standard output: No space left on device. This was to be printed:\n")
