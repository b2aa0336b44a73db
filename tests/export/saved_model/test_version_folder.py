"""Which names are versions: TensorFlow Serving's rule, an int64 as `absl::SimpleAtoi` reads it."""

from __future__ import annotations

import pytest

from nst_export.saved_model.version_folder import holds_saved_model, version_number, versions_in

VERSIONS = {
    "0": 0,
    "1": 1,
    "007": 7,
    "00000000000000000000000000000001": 1,
    "1767225600": 1767225600,
    "9223372036854775807": 2**63 - 1,
    "-9223372036854775808": -(2**63),
    "-3": -3,
    "+3": 3,
    " 4": 4,
    "4\t": 4,
    "\n 5 \r\f\v": 5,
}
OTHERS = [
    *["", " ", "-", "+", "--1", "+-1", "- 1", "1 2", "1.0", "1e3", "0x1", "1_000", "v1", "1.bak", "unfinished-1-abc"],
    *["9223372036854775808", "-9223372036854775809", "9" * 200],
    *["\u0661", "\u00b2", "\uff11", "1\u00a0"],  # digits and blanks that ASCII does not have
]


@pytest.mark.parametrize("name", VERSIONS, ids=repr)
def test_a_name_that_the_server_reads_as_a_number_is_a_version(name):
    assert version_number(name) == VERSIONS[name]


@pytest.mark.parametrize("name", OTHERS, ids=repr)
def test_any_other_name_is_not(name):
    assert version_number(name) is None


def test_versions_are_found_by_their_names_alone(tmp_path):
    for name in ("2", "10", "notes", "unfinished-11-x"):
        (tmp_path / name).mkdir()
    (tmp_path / "12").write_text("a file, which the server would try to load")
    assert versions_in(tmp_path) == {2: tmp_path / "2", 10: tmp_path / "10", 12: tmp_path / "12"}


def test_of_two_spellings_of_a_number_the_one_that_sorts_last_counts(tmp_path):
    for name in ("1", "01", "001"):
        (tmp_path / name).mkdir()
    assert versions_in(tmp_path) == {1: tmp_path / "1"}


def test_a_folder_that_is_not_there_has_no_versions(tmp_path):
    assert versions_in(tmp_path / "nowhere") == {}


def test_a_folder_holds_a_saved_model_if_its_graph_is_there_in_either_form(tmp_path):
    (tmp_path / "variables").mkdir()
    assert not holds_saved_model(tmp_path)
    (tmp_path / "saved_model.pbtxt").touch()
    assert holds_saved_model(tmp_path)
