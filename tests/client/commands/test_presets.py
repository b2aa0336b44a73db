"""`nst presets`: a model's recipes for people, and as the card's own JSON."""

from __future__ import annotations

import json

from nst_client.commands.presets import described
from nst_graph.presets import PRESETS
from tests.client.proxy import NOWHERE


def test_every_preset_of_the_model_is_shown_with_its_source_and_the_default_first(nst, server):
    done = nst("presets", "--server", server.address)
    assert done.returncode == 0, done.stderr
    heads = [line for line in done.stdout.splitlines() if not line.startswith(" ")]
    assert heads == [f"{name}: {preset.source}" for name, preset in PRESETS.items()]


def test_programs_get_the_numbers_of_the_card(nst, server, client):
    presets = json.loads(nst("presets", "--json", "--server", server.address).stdout)
    assert presets == client.describe()["presets"]
    assert presets["gatys"]["plan"]["sizes"] == [512]


def test_a_preset_tells_the_rate_of_its_optimizer_and_how_long_each_size_takes(client):
    presets = client.describe()["presets"]
    told = {name: described(name, preset) for name, preset in presets.items()}
    assert "adam, rate 5; style loss gram; weights: content 1000, style 0.01, tv 0\n" in told["eager"]
    assert "lbfgs, rate 1; " in told["gatys"]
    assert "sgd, rate 100; " in told["keras"]
    sizes = {name: text.splitlines()[2].strip() for name, text in told.items()}
    assert sizes["keras"] == "at the content's size: 4000 iterations"
    assert sizes["gatys"] == "at 512 pixels, then the content's: 500 iterations, then 200 each"
    assert sizes["crowson"] == "at up to 16 sizes from 128 pixels up, times 1.41: 1000 iterations, then 500 each"


def test_a_server_that_is_not_there_is_told(nst):
    done = nst("presets", "--server", NOWHERE)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"ServerUnavailable: Nothing answers at {NOWHERE}")
