"""`nst stylize` as a person or a script meets it: what it prints, writes and refuses."""

from __future__ import annotations

import json
import os
import pty
import re

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from nst_client import errors
from nst_client.cli import app
from nst_client.errors import StateFileError
from nst_client.files.history import LIMIT
from tests.client.proxy import NOWHERE, Held
from tests.client.stylize.command import ITERATIONS, pixels_of, refused


def test_lines_on_a_pipe_and_nothing_but_the_path_on_stdout(stylize, files):
    done = stylize("--iterations", 16, "--save-every", 8)
    assert (done.exit_code, done.stdout) == (0, f"{files.output}\n")
    assert re.sub(r"\d[\d.e+-]*", "N", done.stderr).splitlines() == [
        *["N/N iterations, N/s, N s left; total N, content N, style N, total variation N"] * 3,
        "N iterations in N s; total loss N to N",
    ]


def test_json_tells_every_event_and_quiet_is_silent(stylize, files):
    done = stylize("--iterations", 16, "--save-every", 8, "--json")
    events = [json.loads(line) for line in done.stderr.splitlines()]
    assert [event["event"] for event in events] == ["started", "advanced", "advanced", "advanced", "finished"]
    assert [event["iteration"] for event in events[:-1]] == [0, 1, 8, 16]
    assert {event["name"] for event in events} == {str(files.output)}
    assert json.loads(done.stdout)["iterations"] == 16
    done = stylize("--iterations", 2, "--quiet")
    assert (done.exit_code, done.stderr) == (0, "")


def test_json_tells_why_a_run_failed_and_nothing_else_does_on_stdout(stylize, files):
    done = stylize("--iterations", 5, "--json", server=NOWHERE)  # else it would have to ask the model how many
    started, failed = (json.loads(line) for line in done.stderr.splitlines()[:2])
    assert (started["event"], failed["event"], done.stdout) == ("started", "failed", "")
    assert failed["reason"].startswith(f"Nothing answers at {NOWHERE}")
    assert (failed["done"], failed["failed"], failed["total"]) == (0, 1, 1)


def test_all_that_is_wanted_beside_the_picture_appears(stylize, files, undisturbed):
    folder = files.output.parent
    names = {
        "--preview": "now.jpg",
        "--gif": "run.gif",
        "--strip": "s.png",
        "--loss-plot": "p.png",
        "--losses": "l.csv",
    }
    options = [word for option, name in names.items() for word in (option, folder / name)]
    done = stylize("--iterations", 10, "--save-every", 5, *options)
    assert done.exit_code == 0, done.exception
    assert files.left == sorted([*names.values(), "out-0005.png", "out-0010.png", "out.png"])
    assert np.array_equal(pixels_of(folder / "out-0005.png"), undisturbed(5))
    assert np.array_equal(pixels_of(folder / "out-0010.png"), pixels_of(files.output))
    with Image.open(folder / "run.gif") as animation:
        assert 3 <= animation.n_frames <= LIMIT
    assert len((folder / "l.csv").read_text().splitlines()) == 11


@pytest.mark.parametrize(
    ("option", "name", "words"),
    [
        ("--preview", "now.xyz", "has no suffix of a picture format"),
        ("--gif", "run.png", "has no suffix of an animation"),
        ("--strip", "nowhere/s.png", "There is no folder"),
        ("--loss-plot", "p.csv", "has no suffix of a picture format"),
        ("--losses", "l.txt", "has no suffix of a table"),
        ("--state", "state.png", "has no suffix of a saved run"),
        ("-o", ".", "has no suffix of a picture format"),
        ("-o", "/", "has no suffix of a picture format"),
    ],
)
def test_a_file_that_cannot_be_written_is_refused_before_the_server_is_asked(stylize, files, option, name, words):
    place = name if name in "./" else files.output.parent / name
    assert refused(stylize(option, place, server=NOWHERE), errors.FileError, words)


def test_a_picture_that_is_read_is_not_overwritten(stylize, files, content):
    """Else Ctrl-C would leave the picture so far in the place of the content, and the run could not go on."""
    done = CliRunner().invoke(app, [*stylize.words(server=NOWHERE), "-o", str(files.content)])
    refused(done, errors.FileError, "content.png is read: it cannot be written too.")
    refused(stylize("--preview", files.style, server=NOWHERE), errors.FileError, "style.png is read")
    assert np.array_equal(pixels_of(files.content), content)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--strip", "../content.png"], "content.png is read: it cannot be written too."),
        (["--loss-plot", "../style.png"], "style.png is read: it cannot be written too."),
        (["--strip", "out.png"], "out.png would be written twice."),
        (["--gif", "run.gif", "--preview", "now.png", "--loss-plot", "../my results/now.png"], "now.png would be"),
        (["--strip", "out-0008.png", "--save-every", "4"], "out-0008.png has the name of a numbered picture."),
    ],
)
def test_no_file_takes_the_place_of_another(stylize, files, monkeypatch, options, words):
    monkeypatch.chdir(files.output.parent)
    before = [file.read_bytes() for file in files[:2]]
    refused(stylize(*options, server=NOWHERE), errors.FileError, words)
    assert [file.read_bytes() for file in files[:2]] == before


def test_a_server_that_does_not_answer_among_others_is_told(stylize, files):
    done = stylize("--iterations", 2, "--server", NOWHERE)
    assert done.exit_code == 0, done.exception
    silent, *_ = done.stderr.splitlines()
    assert silent.startswith(f"Nothing answers at {NOWHERE}")
    assert silent.endswith("The others go on without it.")


def test_a_terminal_that_is_closed_does_not_end_the_run(stylize, files, server, closing, undisturbed):
    held = closing(Held(server.address, calls=2))
    ours, theirs = pty.openpty()
    process = stylize.start("--iterations", 10, server=held.address, stderr=theirs)
    os.close(theirs)
    held.wait_for_a_call()
    os.close(ours)
    held.release()
    out, _ = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, f"{files.output}\n")
    assert np.array_equal(pixels_of(files.output), undisturbed(10))


def test_a_state_file_in_the_way_is_refused_and_kept(stylize, files, halfway):
    before = halfway.read_bytes()
    error = refused(stylize("--iterations", 2, server=NOWHERE), StateFileError, "out.png.nst holds another run.")
    assert f"--resume {halfway}" in error.remedy
    refused(stylize("--state", halfway, server=NOWHERE), StateFileError, "out.png.nst holds another run.")
    (files.output.parent / "else.nst").write_bytes(before)
    refused(stylize("--resume", files.output.parent / "else.nst", server=NOWHERE), StateFileError, "holds another run.")
    assert halfway.read_bytes() == before


def test_a_second_command_does_not_touch_the_run_of_the_first(stylize, files, server, closing, undisturbed):
    held = closing(Held(server.address, calls=2))
    process = stylize.start("--iterations", ITERATIONS, server=held.address)
    process.stderr.readline()
    refused(stylize("--iterations", 2), StateFileError, "out.png.nst holds another run.")
    held.release()
    out, err = process.communicate(timeout=60)
    assert out == f"{files.output}\n", err
    assert np.array_equal(pixels_of(files.output), undisturbed())


@pytest.mark.parametrize("damage", [b"", b"a letter"])
def test_a_file_that_holds_no_run_is_named(stylize, files, damage: bytes):
    files.state.write_bytes(damage)
    error = refused(stylize("--resume", files.state, server=NOWHERE), StateFileError, "is not a saved run.")
    assert "--resume" in error.remedy
    assert files.state.read_bytes() == damage
