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
    assert finished.stdout == nst("list", tiny_model_dir).stdout
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
