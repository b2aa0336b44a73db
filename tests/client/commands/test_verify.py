"""`nst verify`: what it takes, prints, writes and returns."""

from __future__ import annotations

import json
import shutil
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from nst_client.cli import app
from nst_export.verification.questions import QUESTIONS
from nst_export.verification.report import Answer, Verification

FILES = ["--only", "graph", "--only", "files"]  # asked without TensorFlow


def nst(*arguments):
    return CliRunner().invoke(app, ["verify", *map(str, arguments)])


def refused(*arguments) -> str:
    finished = nst(*arguments)
    assert finished.stdout == ""
    assert finished.exit_code == 1
    return str(finished.exception)


@pytest.fixture
def half_a_version(tiny_model_dir, tmp_path):
    folder = tmp_path / "half" / "1"
    shutil.copytree(tiny_model_dir / "1" / "variables", folder / "variables")
    return folder


@pytest.mark.slow
def test_a_healthy_model_passes(tiny_model_dir, server):
    finished = nst(tiny_model_dir, "--against", server.address)
    assert f"\npassed: {len(QUESTIONS)} yes, in " in finished.stdout
    assert finished.exit_code == 0


def test_a_models_folder_means_its_newest_version_and_that_is_said(tiny_model_dir, tmp_path):
    for number in ("1", "12"):
        shutil.copytree(tiny_model_dir / "1", tmp_path / "tiny" / number)
    assert nst(tmp_path / "tiny", *FILES).stdout.splitlines()[0] == (
        f"tiny version 12, the newest one: {tmp_path / 'tiny' / '12'}"
    )
    for arguments in ([tmp_path / "tiny" / "1"], [tmp_path / "tiny", "--version", 1]):
        assert nst(*arguments, *FILES).stdout.splitlines()[0] == f"tiny version 1: {tmp_path / 'tiny' / '1'}"


def test_a_no_is_shown_with_its_reason_and_what_to_do_and_the_exit_code_is_1(half_a_version):
    finished = nst(half_a_version, *FILES)
    assert finished.exit_code == 1
    _, first, *why, second, summary = finished.stdout.splitlines()
    assert first == "NO   Is there a graph that a server can read?"
    reason, remedy = (
        f"{half_a_version} holds no SavedModel: there is no saved_model.pb.",
        "Name a folder that holds one",
    )
    assert " ".join(line.strip() for line in why).startswith(f"graph: {reason} {remedy}")
    assert second.startswith("-    Are all files there, at their full length?  does not apply: not asked after the no")
    assert summary.startswith("FAILED: 0 yes, 1 no (graph), 1 not asked, in ")


def test_json_is_the_records_of_the_report(tiny_model_dir):
    found = json.loads(nst(tiny_model_dir, *FILES, "--json").stdout)
    assert list(found) == list(Verification._fields)
    assert [list(answer) for answer in found["answers"]] == [list(Answer._fields)] * 2
    assert (found["model"], found["version"], found["served"], found["passed"]) == ("tiny", 1, None, True)


def test_junit_has_a_case_for_each_question(half_a_version, tmp_path):
    assert nst(half_a_version, *FILES, "--junit", tmp_path / "out.xml").exit_code == 1
    (suite,) = ET.parse(tmp_path / "out.xml").getroot()  # noqa: S314  (our own)
    assert {name: suite.get(name) for name in ("tests", "failures", "skipped", "errors")} == {
        "tests": "2", "failures": "1", "skipped": "1", "errors": "0",
    }  # fmt: skip
    failed, skipped = suite
    assert failed.get("classname") == "nst.verify.graph"
    assert "there is no saved_model.pb" in failed.find("failure").get("message")
    assert skipped.find("skipped").get("message") == "not asked after the no to graph"


def test_a_junit_file_that_cannot_be_written_is_explained(tiny_model_dir, tmp_path):
    finished = nst(tiny_model_dir, "--only", "graph", "--junit", tmp_path / "nowhere" / "out.xml")
    assert str(finished.exception).endswith("out.xml cannot be written: No such file or directory.")


def test_a_question_that_is_not_there_is_refused_with_those_that_are(tiny_model_dir):
    finished = nst(tiny_model_dir, "--only", "beauty")
    assert str(finished.exception) == "There is no question beauty."
    assert all(question.name in finished.exception.remedy for question in QUESTIONS)


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("nowhere", "There is no folder {}/nowhere."),
        ("file", "{}/file is a file."),
        ("empty", "{}/empty is empty."),
        ("", "{} is not a model's folder, {}/nst is one."),
        ("nst/7", "{}/nst/7 holds no version folder"),
        ("round", "There is no folder {}/round."),
        ("localhost:8500", "There is no folder {}/localhost:8500."),
    ],
)
def test_a_path_that_is_no_model_is_explained(tmp_path, target, words):
    (tmp_path / "nst" / "7").mkdir(parents=True)
    (tmp_path / "nst" / "7" / "note").touch()
    (tmp_path / "file").touch()
    (tmp_path / "empty").mkdir()
    (tmp_path / "round").symlink_to(tmp_path / "round")
    assert refused(tmp_path / target).startswith(words.format(tmp_path, tmp_path))
