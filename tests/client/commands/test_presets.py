"""`nst presets`: a model's recipes as a table for people, and as the card's own JSON."""

from __future__ import annotations

import json

from nst_client.commands.presets import COLUMNS, row_of
from nst_graph.presets import PRESETS
from tests.client.proxy import NOWHERE


def test_every_preset_of_the_model_is_a_row_with_its_default_first(nst, server):
    done = nst("presets", "--server", server.address)
    assert done.returncode == 0, done.stderr
    head, *rows = done.stdout.splitlines()
    assert head.split()[:2] == list(COLUMNS[:2])
    names = [row.split()[0] for row in rows if not row.startswith(" ")]  # a long source goes on in a line of its own
    assert names == list(PRESETS)


def test_programs_get_the_numbers_of_the_card(nst, server, client):
    presets = json.loads(nst("presets", "--json", "--server", server.address).stdout)
    assert presets == client.describe()["presets"]
    assert presets["gatys"]["plan"]["sizes"] == [512]


def test_a_row_tells_the_rate_of_its_optimizer_and_how_long_each_size_takes(client):
    presets = client.describe()["presets"]
    rows = {name: dict(zip(COLUMNS, row_of(name, preset), strict=True)) for name, preset in presets.items()}
    told = {name: [rows[name][column] for column in ("optimizer", "rate", "sizes", "iterations")] for name in rows}
    assert told["eager"] == ["adam", "5", "the content's", "1000"]
    assert told["gatys"] == ["lbfgs", "1", "512, then the content's", "500, then 200 each"]
    assert told["keras"] == ["sgd", "100", "the content's", "4000"]
    assert told["crowson"] == ["adam", "5.1", "128 and up, times 1.41", "1000, then 500 each"]


def test_a_server_that_is_not_there_is_told(nst):
    done = nst("presets", "--server", NOWHERE)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"ServerUnavailable: Nothing answers at {NOWHERE}")
