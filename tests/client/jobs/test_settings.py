"""The settings of a run as keys, as JSON and back."""

from __future__ import annotations

import json

import pytest

from nst_client.contract import OPTIONS
from nst_client.jobs.settings import Settings, settings_of_json

NUMBERS = ("content_weight", "style_weight", "tv_weight", "learning_rate")
EVERYTHING = Settings(20, 64).with_options(dict.fromkeys(NUMBERS, 2.5))


@pytest.mark.parametrize("settings", [Settings(1, 0), Settings(None, 0), EVERYTHING], ids=["none", "open", "all"])
def test_json_and_back_gives_the_same_settings(settings: Settings):
    words = json.loads(json.dumps(settings.as_json()))
    again = settings_of_json({"content": "a.jpg", **words})
    assert again == settings
    assert hash(again) == hash(settings)


def test_settings_are_keys_whatever_the_order_of_their_options():
    turned = Settings(20, 64, dict(reversed(EVERYTHING.options.items())))
    assert {EVERYTHING: "here"}[turned] == "here"
    assert Settings(20, 64) not in {EVERYTHING: "here"}


def test_options_stand_in_the_order_of_the_table_whoever_gave_them():
    """Names of results are made from them: the same settings must always give the same names."""
    settings = Settings(20, 64)
    for name in reversed(NUMBERS):
        settings = settings.with_options({name: 2.5})
    assert json.dumps(settings.as_json()) == json.dumps(EVERYTHING.as_json())
    assert list(settings.options) == [name for name in OPTIONS if name in NUMBERS]


def test_options_that_are_given_go_before_those_that_were():
    name, *others = NUMBERS
    changed = EVERYTHING.with_options({name: 1.0})
    assert changed.options[name] == 1.0
    assert all(changed.options[other] == 2.5 for other in others)
    assert EVERYTHING.options[name] == 2.5


@pytest.mark.parametrize(
    "words",
    [
        {"iterations": 20},
        {"iterations": 20, "size": "64"},
        {"iterations": 20.5, "size": 64},
        {"iterations": True, "size": 64},
        {"size": 64, "preset": "monet"},
        *({"iterations": 20, "size": 64, name: "2.5"} for name in NUMBERS),
        *({"iterations": 20, "size": 64, name: None} for name in NUMBERS),
    ],
    ids=str,
)
def test_words_that_are_no_settings_are_refused(words):
    with pytest.raises(ValueError, match="must be"):
        settings_of_json(words)
