"""`nst versions`: what it takes, prints and loads."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from nst_client.cli import app


def nst(*arguments):
    return CliRunner().invoke(app, ["versions", *map(str, arguments)])


def test_a_folder_in_the_place_of_a_command_is_listed(tiny_model_dir):
    finished = nst(tiny_model_dir)
    assert finished.exit_code == 0
    assert nst(tiny_model_dir, "--json").stdout == nst("list", tiny_model_dir, "--json").stdout
    assert finished.stdout.startswith("tiny\n  version  age ")


def test_options_may_stand_before_the_folder(tiny_model_dir):
    (row,) = json.loads(nst("--json", tiny_model_dir).stdout)
    assert (row["version"], row["weights"], row["served"]) == (1, "random:0", [])


def test_the_servers_state_is_listed_too(tiny_model_dir, server):
    (row,) = json.loads(nst(tiny_model_dir, "--server", server.address, "--json").stdout)
    assert row["served"] == [{"server": server.address, "state": "AVAILABLE", "error": "", "labels": []}]


@pytest.mark.parametrize(
    ("address", "words"),
    [("localhost:1", "Nothing answers at localhost:1"), ("http://localhost:8501", "server: must be HOST:PORT")],
)
def test_an_address_where_no_server_is_is_explained(tiny_model_dir, address, words):
    finished = nst(tiny_model_dir, "--server", address)
    assert finished.stdout == ""
    assert str(finished.exception).startswith(words)


@pytest.fixture
def two_versions(tmp_path, tiny_model_dir):
    (tmp_path / "nst").mkdir()
    for name in ("1", "2"):
        (tmp_path / "nst" / name).symlink_to(tiny_model_dir / "1")
    return tmp_path / "nst"


def test_labels_are_printed_and_who_was_not_told_is_said(two_versions, tmp_path):
    finished = nst("promote", two_versions, 2, "--config", tmp_path / "models.config")
    assert finished.stdout == "stable: version 2\n"
    assert "No server was told." in finished.stderr
    finished = nst("label", two_versions, "canary", 1, "--config", tmp_path / "models.config")
    assert finished.stdout == "canary: version 1\nstable: version 2\n"
    finished = nst("label", two_versions, "canary", "--remove", "--config", tmp_path / "models.config")
    assert finished.stdout == "stable: version 2\n"
    (newest, oldest) = json.loads(nst(two_versions, "--config", tmp_path / "models.config", "--json").stdout)
    assert (newest["labels"], oldest["labels"]) == (["stable"], [])


def test_a_rollback_without_a_previous_version_is_explained(two_versions, tmp_path):
    nst("promote", two_versions, 2, "--config", tmp_path / "models.config")
    finished = nst("rollback", two_versions, "--config", tmp_path / "models.config")
    assert "names no previous version of nst" in str(finished.exception)


def test_a_prune_says_what_goes_and_deletes_when_it_is_told(two_versions, tmp_path):
    nst("promote", two_versions, 2, "--config", tmp_path / "models.config")
    words = ["prune", two_versions, "--keep", 1, "--config", tmp_path / "models.config"]
    stays = "Version 2 stays: it has the label stable.\n"
    assert nst(*words).stdout == f"{stays}Version 1 would be deleted; --yes does it.\n"
    assert nst(*words, "--yes").stdout == f"{stays}Version 1 is deleted.\n"
    assert [path.name for path in two_versions.iterdir()] == ["2"]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["prune", "DIR", "--keep", "1"], "what is served is kept"),
        (["prune", "DIR", "--keep", "0", "--config", "x"], "--keep"),
        (["label", "DIR", "canary", "--config", "x"], "either a VERSION or --remove"),
        (["label", "DIR", "canary", "1", "--remove", "--config", "x"], "either a VERSION or --remove"),
        (["promote", "DIR", "DIR", "--config", "x"], "unable to parse string as an integer"),
        (["promote", "DIR", "1"], "Missing option '--config'"),
    ],
)
def test_a_command_that_lacks_something_is_wrong_usage(two_versions, words, reason):
    finished = nst(*(two_versions if word == "DIR" else word for word in words))
    assert finished.exit_code == 2
    assert reason in " ".join(finished.stderr.replace("│", " ").split())
