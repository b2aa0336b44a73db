"""`nst inspect`: what it takes, prints and loads."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from nst_client.cli import app

WITHOUT_RUNTIME = """
import sys
from nst_client.cli import main
sys.argv = ["nst", *sys.argv[1:]]
try:
    main()
finally:
    loaded = {"tensorflow", "keras", "numpy"} & set(sys.modules)
    assert not loaded, loaded
"""


def nst(*arguments):
    return CliRunner().invoke(app, ["inspect", *map(str, arguments)])


def refused(*arguments) -> str:
    finished = nst(*arguments)
    assert finished.stdout == ""
    assert finished.exit_code == 1
    return str(finished.exception)


def test_a_folder_is_read_without_tensorflow(tiny_model_dir):
    finished = subprocess.run(
        [sys.executable, "-c", WITHOUT_RUNTIME, "inspect", tiny_model_dir],
        env={"PYTHONPATH": ":".join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.stderr == ""
    assert finished.stdout.startswith("tiny version 1\n")


def test_json_of_a_folder_and_of_a_server_name_the_same_signatures(tiny_model_dir, server):
    folder = json.loads(nst(tiny_model_dir, "--json").stdout)
    served = json.loads(nst(server.address, "--json").stdout)
    assert folder["signatures"] == served["signatures"]
    assert (folder["source"], served["source"]) == (str(tiny_model_dir / "1"), server.address)
    assert folder["files"][0]["sha256"]


def test_a_server_has_its_screen(server):
    finished = nst(server.address)
    assert finished.exit_code == 0
    assert "None" not in finished.stdout
    assert "Versions on the server\n  version  state      error\n  1        AVAILABLE" in finished.stdout


def test_the_outline_is_drawn(tiny_model_dir, tmp_path):
    assert nst(tiny_model_dir, "--graph", tmp_path / "graph.mmd", "--no-digests").exit_code == 0
    assert (tmp_path / "graph.mmd").read_text().startswith("---\ntitle: tiny 1\n---\nflowchart LR\n")


def test_what_is_wrong_is_shown_and_the_exit_code_is_1(tmp_path, tiny_model_dir):
    (tmp_path / "nst" / "1").mkdir(parents=True)
    (tmp_path / "nst" / "1" / "saved_model.pb").symlink_to(tiny_model_dir / "1" / "saved_model.pb")
    finished = nst(tmp_path / "nst")
    assert finished.exit_code == 1
    assert "Problems\n  variables/variables.index is missing, and the graph has variables.\n" in finished.stdout


def test_a_path_with_a_colon_is_a_path_where_it_is_there(tmp_path, tiny_model_dir, monkeypatch):
    (tmp_path / "host:8500").symlink_to(tiny_model_dir)
    monkeypatch.chdir(tmp_path)
    assert nst("host:8500").stdout.startswith("host:8500 version 1\n")


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("nowhere", "There is no folder {}/nowhere."),
        ("file", "{}/file is a file."),
        ("empty", "{}/empty is empty."),
        ("", "{} is not a model's folder, {}/nst is one."),
        ("nst/7", "{}/nst/7 holds no version folder"),
        ("round", "There is no folder {}/round."),
    ],
)
def test_a_path_that_is_no_model_is_explained(tmp_path, tiny_model_dir, target, words):
    (tmp_path / "nst" / "7").mkdir(parents=True)
    (tmp_path / "nst" / "7" / "note").touch()
    (tmp_path / "file").touch()
    (tmp_path / "empty").mkdir()
    (tmp_path / "round").symlink_to(tmp_path / "round")
    assert refused(tmp_path / target).startswith(words.format(tmp_path, tmp_path))


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("localhost:1", "Nothing answers at localhost:1"),
        ("http://localhost:8501", "server: must be HOST:PORT"),
        ("localhost:99999", "server: must be HOST:PORT"),
    ],
)
def test_an_address_where_no_server_is_is_explained(target, words):
    assert refused(target).startswith(words)


def test_no_graph_is_drawn_of_a_server(server, tmp_path):
    finished = nst(server.address, "--graph", tmp_path / "graph.svg")
    assert finished.exit_code == 2
    assert "a server hands out no graph" in finished.stderr
