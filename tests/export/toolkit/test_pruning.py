"""`nst versions prune`: what goes, what stays and why, and that a version goes as a whole."""

from __future__ import annotations

import shutil

import pytest
from google.protobuf import text_format

from nst_export.errors import VersionError
from nst_export.saved_model.messages import model_server_config_pb2
from nst_export.saved_model.version_folder import versions_in
from nst_export.toolkit.pruning import delete_version, verdicts
from nst_export.toolkit.version_rows import ServedVersion, VersionRow


def row(version: int, *, labels=(), state="", problems=(), folder="nst") -> VersionRow:
    served = [ServedVersion("host:8500", state, "", [])] if state else []
    place = None if folder is None else f"{folder}/{version}"
    return VersionRow(version, place, None, None, None, [], None, None, list(labels), served, list(problems))


def kept(rows, keep, policy=None) -> dict[int, str]:
    text = None if policy is None else f"model_version_policy {{ {policy} }}"
    model = None if text is None else text_format.Parse(text, model_server_config_pb2.ModelConfig())
    return {one.row.version: one.kept_because for one in verdicts(rows, keep, model)}


def test_the_newest_stay_and_the_others_go():
    rows = [row(number) for number in (9, 7, 5, 3)]
    newest = "is among the newest"
    assert kept(rows, 2) == {9: newest, 7: newest, 5: "", 3: ""}


@pytest.mark.parametrize("state", ["START", "LOADING", "AVAILABLE", "UNLOADING"])
def test_what_a_server_has_stays(state):
    assert kept([row(2), row(1, state=state)], 1)[1] == f"is {state} on host:8500"


def test_what_a_server_had_goes():
    assert kept([row(2), row(1, state="END")], 1)[1] == ""


def test_a_label_of_the_configuration_keeps_a_version():
    assert kept([row(2), row(1, labels=["previous"])], 1)[1] == "has the label previous"


@pytest.mark.parametrize(
    ("policy", "going"),
    [
        ("", {1, 2}),
        ("latest { num_versions: 2 }", {1}),
        ("all { }", set()),
        ("specific { versions: 1 }", {2}),
    ],
)
def test_what_the_policy_has_served_stays(policy, going):
    found = kept([row(3), row(2), row(1)], 1, policy)
    assert {number for number, why in found.items() if not why} == going


def test_a_version_that_is_perhaps_being_copied_stays_and_is_not_counted():
    found = kept([row(3, problems=["x is missing."]), row(2), row(1)], 1)
    assert found == {3: "is not whole, perhaps not yet: x is missing.", 2: "is among the newest", 1: ""}


def test_what_is_on_a_server_alone_is_nothing_to_delete():
    assert kept([row(2, folder=None, state="AVAILABLE"), row(1)], 1) == {1: "is among the newest"}


def test_a_version_goes_as_a_whole(tiny_model_dir, tmp_path):
    for name in ("1", "2"):
        shutil.copytree(tiny_model_dir / "1", tmp_path / name)
    (tmp_path / "deleted-1" / "rest").mkdir(parents=True)  # of a deletion that was stopped
    delete_version(tmp_path / "1")
    assert [path.name for path in tmp_path.iterdir()] == ["2"]


def test_a_link_goes_and_what_it_leads_to_stays(tiny_model_dir, tmp_path):
    (tmp_path / "1").symlink_to(tiny_model_dir / "1")
    delete_version(tmp_path / "1")
    assert list(tmp_path.iterdir()) == []
    assert set(versions_in(tiny_model_dir)) == {1}


def test_what_cannot_be_deleted_is_as_it_was(tmp_path):
    (tmp_path / "1").mkdir()
    (tmp_path / "deleted-1").touch()  # no folder can take its place
    with pytest.raises(VersionError, match=r"1 cannot be deleted: .* It is as it was\."):
        delete_version(tmp_path / "1")
    assert (tmp_path / "1").is_dir()
