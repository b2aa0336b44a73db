"""`nst` as a person or a script meets it: exit codes, stdout, stderr, and the file."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from nst_client.cli import app
from nst_client.files.pictures import Picture, read_picture, write_picture
from tests.client.proxy import NOWHERE


@pytest.fixture
def files(tmp_path: Path, content: np.ndarray, style: np.ndarray) -> tuple[Path, Path, Path]:
    """A content picture, a style picture, and where the result goes."""
    write_picture(tmp_path / "content.png", Picture(content))
    write_picture(tmp_path / "style.jpg", Picture(style))
    (tmp_path / "results").mkdir()
    return tmp_path / "content.png", tmp_path / "style.jpg", tmp_path / "results" / "out.png"


def assert_explained(done, kind: str, words: str) -> None:
    """Exit code 1, nothing on stdout, one line on what happened and one on what to do."""
    assert done.returncode == 1
    assert done.stdout == ""
    what, remedy = done.stderr.splitlines()
    assert what.startswith(f"{kind}: ")
    assert words in what
    assert remedy.endswith(".")
    assert "defect" not in remedy


def test_stylize_prints_the_new_files_path_and_nothing_else(nst, server, files):
    content, style, output = files
    options = ["--server", server.address, "--iterations", 3, "--size", 96]
    done = nst("stylize", content, style, "-o", output, *options)
    assert (done.returncode, done.stdout) == (0, f"{output}\n"), done.stderr
    *calls, summary = done.stderr.splitlines()
    assert [line.split(" iterations, ")[0] for line in calls][-1] == "3/3"
    assert re.fullmatch(r"3 iterations in [\d.]+ s; total loss \S+ to \S+", summary)
    assert read_picture(output).pixels.shape == (72, 96, 3)
    assert list(output.parent.iterdir()) == [output.parent / "out.png"]


def test_size_and_numbers_reach_the_server_and_the_file(nst, server, client, files):
    content, style, output = files
    numbers = {"style_weight": 2.5, "learning_rate": 4.0}
    options = ["--size", 80, "--iterations", 2, "--style-weight", 2.5, "--learning-rate", 4]
    done = nst("stylize", content, style, "-o", output, *options, "--json", NST_SERVER=server.address)

    report = json.loads(done.stdout)
    assert report["output"] == str(output)
    assert (report["size"], report["iterations"], report["version"]) == ([80, 60], 2, 1)
    assert report["seconds"] > 0
    assert set(report["losses"]["first"]) == {"total", "content", "style", "total_variation"}
    small = [read_picture(file, 80).pixels for file in (content, style)]
    by_hand = client.stylize(*small, iterations=2, **numbers)
    assert np.array_equal(read_picture(output).pixels, by_hand.image)
    assert report["losses"]["last"]["total"] == float(by_hand.losses[-1, 0])
    with Image.open(output) as image:
        assert json.loads(image.text["nst"]).items() >= {**numbers, "iterations": 2, "content": "content.png"}.items()


def test_the_contents_transparency_comes_back(nst, server, files, content):
    _, style, output = files
    alpha = np.tile(np.arange(64, dtype=np.uint8) * 4, (48, 1))
    ghost = output.with_name("ghost.png")
    write_picture(ghost, Picture(content, alpha))
    options = ["--server", server.address, "--iterations", 1, "--size", 0]

    assert nst("stylize", ghost, style, "-o", output, *options).returncode == 0
    assert np.array_equal(read_picture(output).alpha, alpha)

    done = nst("stylize", ghost, style, "-o", output.with_suffix(".jpg"), *options)
    assert done.returncode == 0
    assert "\nJPEG keeps no transparency: the picture is opaque.\n" in done.stderr


def test_a_warning_is_one_line_without_source_code(nst, server, files, content):
    _, style, output = files
    odd = output.with_name("odd.png")
    Image.fromarray(content).save(odd, icc_profile=b"no profile")
    options = ["--server", server.address, "--iterations", 1, "--size", 0]
    done = nst("stylize", odd, style, "-o", output, *options, "--quiet")
    assert done.returncode == 0
    (warning,) = done.stderr.splitlines()
    assert warning.startswith(f"Warning: {odd}: ignored its ICC profile")


def test_no_server_is_explained_and_nothing_is_written(nst, files):
    done = nst("stylize", *files[:2], "-o", files[2], "--server", NOWHERE)
    assert_explained(done, "ServerUnavailable", f"Nothing answers at {NOWHERE}")
    assert "nst serve" in done.stderr
    assert not any(files[2].parent.iterdir())


def test_debug_shows_where_an_error_comes_from(nst, files):
    done = nst("--debug", "stylize", *files[:2], "-o", files[2], "--server", NOWHERE)
    assert done.returncode == 1
    assert "Traceback (most recent call last)" in done.stderr
    assert done.stderr.splitlines()[-2].startswith("ServerUnavailable: ")


def test_an_older_file_survives_a_failure(nst, server, files):
    content, style, output = files
    output.write_text("an older picture")
    options = ["--server", server.address, "--iterations", 0, "--size", 0]
    done = nst("stylize", content, style, "-o", output, *options)
    assert_explained(done, "RequestRefused", "iterations: must be at least 1, got 0")
    assert output.read_text() == "an older picture"
    assert list(output.parent.iterdir()) == [output.parent / "out.png"]


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("results/out.xyz", "has no suffix of a picture format"),
        ("nowhere/out.png", "There is no folder"),
        ("style.jpg/out.png", "There is no folder"),
    ],
)
def test_an_output_that_cannot_be_written_is_refused_before_the_server_is_asked(nst, files, output: str, words: str):
    done = nst("stylize", *files[:2], "-o", files[0].parent / output, "--server", NOWHERE)
    assert_explained(done, "FileError", words)


def test_a_missing_picture_is_named(nst, files):
    missing = files[0].with_name("missing.png")
    done = nst("stylize", missing, files[1], "-o", files[2], "--server", NOWHERE)
    assert_explained(done, "PictureError", f"There is no file {missing}.")


def test_a_picture_that_is_too_small_is_refused_by_its_file(nst, server, files):
    Image.new("RGB", (1, 1)).save(files[0])
    done = nst("stylize", *files[:2], "-o", files[2], "--server", server.address, "--size", 0)
    assert_explained(done, "PictureError", "content.png is 1 x 1 pixels, and no side may be shorter than 32")
    assert not any(files[2].parent.iterdir())


@pytest.mark.parametrize(
    ("value", "words"), [("nan", "must be a finite number, got 'nan'"), ("-1", "must be from 0 to 1e+12, got '-1'")]
)
def test_a_number_that_means_nothing_is_wrong_usage_before_a_server_is_asked(nst, files, value: str, words: str):
    done = nst("stylize", *files[:2], "-o", files[2], "--server", NOWHERE, "--style-weight", value)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"'--style-weight': {words}" in " ".join(done.stderr.replace("│", " ").split())


def test_a_deadline_is_kept(nst, server, files):
    options = ["--server", server.address, "--iterations", 100, "--size", 128, "--deadline", 0.001]
    done = nst("stylize", *files[:2], "-o", files[2], *options)
    assert_explained(done, "DeadlineExceeded", "did not answer within 0.001 s")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["stylize", "a.png"], "STYLE"),
        (["stylize", "a.png", "b.png"], "--output"),
        (["stylize", "a.png", "b.png", "-o", "c.png", "--size", "-1"], "--size"),
        (["stylize", "a.png", "b.png", "-o", "c.png", "--iterations", "many"], "--iterations"),
        (["stylize", "a.png", "b.png", "-o", "c.png", "--deadline", "0"], "--deadline"),
        (["status", "--colour"], "--colour"),
        (["paint"], "paint"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_exits_with_2(arguments: list[str], words: str):
    done = CliRunner().invoke(app, arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    _, explanation = done.stderr.split("Error", maxsplit=1)
    assert words in explanation


def test_no_arguments_show_the_help():
    done = CliRunner().invoke(app, [])
    assert done.exit_code == 2
    assert all(command in done.output for command in ("export", "serve", "stylize", "status", "demo"))


def test_help_names_the_arguments_in_capitals_and_the_defaults(nst):
    done = nst("stylize", "--help")
    assert done.returncode == 0
    assert re.search(
        r"Usage: nst stylize \[OPTIONS\] \W?CONTENT\W? \W?STYLE\W?\.\.\.\s", done.stdout
    )  # typer adds braces
    assert "localhost:8500" in done.stdout


def test_status_lists_the_versions(nst, server):
    done = nst("status", "--server", server.address)
    assert (done.returncode, done.stdout, done.stderr) == (0, "nst version 1 AVAILABLE\n", "")
    done = nst("status", "--json", NST_SERVER=server.address)
    available = {"version": 1, "state": "AVAILABLE", "error": ""}
    assert json.loads(done.stdout) == [{"server": server.address, **available}]


def test_status_of_several_servers_says_whose_it_is(nst, server, other_server):
    servers = f"{server.address} {other_server.address}"
    lines = [f"{address}: nst version 1 AVAILABLE\n" for address in servers.split()]
    assert nst("status", NST_SERVER=servers).stdout == "".join(lines)
    assert_explained(nst("status", NST_SERVER=f"{servers} {NOWHERE}"), "ServerUnavailable", NOWHERE)


def test_status_of_an_unknown_model_fails(nst, server):
    done = nst("status", "--server", server.address, "--model-name", "other", "--json")
    assert_explained(done, "ModelNotFound", "has no such model or version")
