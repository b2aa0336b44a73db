"""Each way in which a folder is not a model's has a sentence and a remedy of its own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import pytest

from nst_export.saved_model.model_folder import unusable_path, why_no_version
from nst_export.saved_model.version_folder import versions_in


class Case(NamedTuple):
    """What is made, what is named, and what is said. A path that ends in / is a folder."""

    name: str
    paths: tuple[str, ...]
    named: str
    message: str
    remedy: str

    def __str__(self) -> str:
        return self.name


WHOLE = ("saved_model.pb", "variables/")
CASES = [
    Case(
        "nothing", (), "nst", "There is no folder nst.", "Check its name, or make a model there with `nst export nst`."
    ),
    Case("an empty folder", ("nst/",), "nst", "nst is empty.", "Make a model there with `nst export nst`."),
    Case(
        "a name with a blank",
        ("my nst/",),
        "my nst",
        "my nst is empty.",
        "Make a model there with `nst export 'my nst'`.",
    ),
    Case("a file", ("nst",), "nst", "nst is a file.", "Name the model's folder, which holds its version folders."),
    Case(
        "a version",
        tuple(f"models/nst/1/{name}" for name in WHOLE),
        "models/nst/1",
        "models/nst/1 is a version, not a model's folder.",
        "Name its parent models/nst.",
    ),
    Case(
        "a version with zeros in front, half copied",
        ("nst/007/variables/",),
        "nst/007",
        "nst/007 is a version, not a model's folder.",
        "Name its parent nst.",
    ),
    Case(
        "a version under another kind of name",
        tuple(f"nst/v2/{name}" for name in WHOLE),
        "nst",
        "nst/v2 is not a version: version folders are whole numbers.",
        "Rename it: `mv nst/v2 nst/2`.",
    ),
    Case(
        "one without a number",
        tuple(f"nst/latest/{name}" for name in WHOLE),
        "nst",
        "nst/latest is not a version: version folders are whole numbers.",
        "Rename it: `mv nst/latest nst/1`.",
    ),
    Case(
        "a SavedModel in place of the model's folder",
        tuple(f"nst/{name}" for name in WHOLE),
        "nst",
        "nst holds a SavedModel itself: version folders are whole numbers.",
        "Move what it holds into nst/1.",
    ),
    Case(
        "a folder of models",
        ("models/nst/1/", "models/notes.txt"),
        "models",
        "models is not a model's folder, models/nst is one.",
        "Name that folder, or serve several models with a --config file.",
    ),
    Case(
        "an export under way",
        tuple(f"nst/unfinished-1-abc/{name}" for name in WHOLE),
        "nst",
        "nst holds no version yet, only an unfinished one.",
        "Wait for the export that is writing it, or begin anew with `nst export nst`.",
    ),
    Case(
        "other files",
        ("nst/notes.txt", "nst/pictures/a.png"),
        "nst",
        "nst holds no version folder: version folders are whole numbers.",
        "Make a model there with `nst export nst`.",
    ),
]


def make(path: str) -> None:
    if path.endswith("/"):
        Path(path).mkdir(parents=True)
    else:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).touch()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_folder_without_versions_is_told_for_what_it_is(case, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for path in case.paths:
        make(path)
    assert versions_in(Path(case.named)) == {}
    assert why_no_version(Path(case.named)) == (case.message, case.remedy)


@pytest.mark.parametrize("name", [b"\xff", b"na\xefve/nst", b"\xed\xa0\x80"], ids=repr)
def test_a_path_that_is_not_utf_8_cannot_be_used(name: bytes, tmp_path):
    fault = unusable_path(tmp_path / os.fsdecode(name))
    assert fault is not None
    assert fault.message.endswith(" is not UTF-8, which TensorFlow needs.")


@pytest.mark.parametrize("name", ["nst", "na\u00efve", "\u753b", "a\nb", "\U0001f3a8"], ids=repr)
def test_every_other_path_can(name: str, tmp_path):
    assert unusable_path(tmp_path / name) is None


def test_the_folder_in_which_one_stands_has_its_number(tmp_path, monkeypatch):
    (tmp_path / "nst" / "3" / "variables").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "nst" / "3")
    assert why_no_version(Path()).remedy == f"Name its parent {tmp_path / 'nst'}."


def test_what_cannot_be_looked_at_is_said(tmp_path):
    folder = tmp_path / ("x" * 300)
    assert why_no_version(folder).message == f"{folder} cannot be read: File name too long."
