"""The card: written from records, read back as it was, refused with a reason."""

from __future__ import annotations

import json
from typing import NamedTuple

import pytest

from nst_export.errors import CardError
from nst_export.saved_model.model_card import CARD_FILE, ModelCard, card_text, json_value, read_card, write_card


class Inner(NamedTuple):
    rate: float
    name: str


class Outer(NamedTuple):
    inner: Inner
    layers: dict[str, float]
    several: tuple[Inner, ...]


CARD = ModelCard(
    contract=2,
    name="nst",
    created="2026-11-25T12:00:00+00:00",
    weights={"source": "random:0"},
    precision="float32",
    precision_reason="asked for",
    pooling="max",
    presets={"nst": {"decay": None}},
    options=[{"name": "tv_weight", "default": 1.0}],
    limits={"max_pixels": 10},
    execution={"xla": False},
    versions={"tensorflow": "2.21.0"},
)


def test_records_within_records_are_objects_with_names():
    record = Outer(Inner(0.5, "Größe"), {"block1_conv1": 1.0}, (Inner(1.0, "a"),))
    inner = {"rate": 0.5, "name": "Größe"}
    expected = {"inner": inner, "layers": {"block1_conv1": 1.0}, "several": [{"rate": 1.0, "name": "a"}]}
    assert json_value(record) == expected


@pytest.mark.parametrize("infinite", [float("inf"), float("-inf")])
def test_json_has_no_infinity(infinite):
    assert json_value([Inner(infinite, "a")]) == [{"rate": None, "name": "a"}]


def test_not_a_number_is_not_written():
    with pytest.raises(ValueError, match="nan"):
        card_text(CARD._replace(limits={"max_pixels": float("nan")}))


def test_a_card_is_read_back_as_it_was_written(tmp_path):
    write_card(tmp_path, CARD)
    assert read_card(tmp_path) == CARD
    assert json.loads((tmp_path / "assets.extra" / "model_card.json").read_text()) == CARD._asdict()


def test_what_a_later_version_adds_does_not_matter(tmp_path):
    write_card(tmp_path, CARD)
    file = tmp_path / CARD_FILE
    file.write_text(json.dumps({**json.loads(file.read_text()), "colour": "blue"}))
    assert read_card(tmp_path) == CARD


@pytest.mark.parametrize(
    ("damaged", "reason"),
    [
        ("", "is not JSON"),
        ('{"name": "nst"', "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "is not an object"),
        ("7", "is not an object"),
        ('{"name": "nst"}', "lacks contract, created, weights, precision"),
    ],
    ids=["empty", "cut", "nested", "a list", "a number", "half"],
)
def test_a_damaged_card_is_refused_by_its_name(tmp_path, damaged, reason):
    write_card(tmp_path, CARD)
    (tmp_path / CARD_FILE).write_text(damaged)
    with pytest.raises(CardError, match=reason) as refusal:
        read_card(tmp_path)
    assert str(tmp_path / CARD_FILE) in str(refusal.value)
    assert "nst export" in refusal.value.remedy


def test_bytes_that_are_not_text_are_refused(tmp_path):
    write_card(tmp_path, CARD)
    (tmp_path / CARD_FILE).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CardError, match="is not JSON"):
        read_card(tmp_path)


def test_a_missing_card_is_refused(tmp_path):
    with pytest.raises(CardError, match="No such file"):
        read_card(tmp_path)
