"""The settings of a run as keys, as JSON and back."""

from __future__ import annotations

import json

import pytest

from nst_client.contract import OPTIONS
from nst_client.jobs.settings import Settings, settings_of_json

EVERYTHING = Settings(20, 64).with_options(dict.fromkeys(OPTIONS, 2.5))


@pytest.mark.parametrize("settings", [Settings(1, 0), EVERYTHING], ids=["none", "all"])
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
    for name in reversed(OPTIONS):
        settings = settings.with_options({name: 2.5})
    assert json.dumps(settings.as_json()) == json.dumps(EVERYTHING.as_json())
    assert list(settings.options) == list(OPTIONS)


def test_options_that_are_given_go_before_those_that_were():
    name, *others = OPTIONS
    changed = EVERYTHING.with_options({name: 1.0})
    assert changed.options[name] == 1.0
    assert all(changed.options[other] == 2.5 for other in others)
    assert EVERYTHING.options[name] == 2.5


@pytest.mark.parametrize(
    "words",
    [
        {"size": 64},
        {"iterations": 20, "size": "64"},
        {"iterations": 20.5, "size": 64},
        {"iterations": True, "size": 64},
        *({"iterations": 20, "size": 64, name: "2.5"} for name in OPTIONS),
        *({"iterations": 20, "size": 64, name: None} for name in OPTIONS),
    ],
    ids=str,
)
def test_words_that_are_no_settings_are_refused(words):
    with pytest.raises(ValueError, match="must be"):
        settings_of_json(words)
