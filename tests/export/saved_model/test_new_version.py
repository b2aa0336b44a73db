"""Version directories: numbered, whole or not there at all."""

from __future__ import annotations

import os
import stat
import threading

import pytest

from nst_export.errors import VersionError
from nst_export.saved_model.new_version import new_version, next_version
from nst_export.saved_model.version_folder import version_number


def entries(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("existing", "number"),
    [
        ([], 1),
        (["1"], 2),
        (["1", "2", "7"], 8),
        (["9", "10"], 11),
        (["3", "unfinished-9-abc", "v12", "12.bak", "1e3"], 4),
        (["-5"], 1),
        (["0041"], 42),
    ],
)
def test_next_version_is_one_above_the_highest_number(tmp_path, existing, number):
    for name in existing:
        (tmp_path / name).mkdir()
    assert next_version(tmp_path) == number


def test_no_number_is_after_the_largest(tmp_path):
    (tmp_path / str(2**63 - 1)).mkdir()
    with pytest.raises(VersionError, match="has no version after 9223372036854775807") as refusal:
        next_version(tmp_path)
    assert "--version" in refusal.value.remedy


def test_a_model_that_does_not_exist_starts_with_version_1(tmp_path):
    assert next_version(tmp_path / "new") == 1


def test_a_version_appears_when_the_block_ends_with_all_that_was_written(tmp_path):
    with new_version(tmp_path / "model" / "3") as staging:
        (staging / "variables").mkdir()
        (staging / "variables" / "data").write_bytes(b"weights")
    assert entries(tmp_path / "model") == ["3"]
    assert (tmp_path / "model" / "3" / "variables" / "data").read_bytes() == b"weights"


def test_only_a_name_that_is_no_number_is_visible_while_a_version_is_written(tmp_path):
    with new_version(tmp_path / "1") as staging:
        (staging / "saved_model.pb").write_bytes(b"half")
        visible = entries(tmp_path)
        assert visible == [staging.name]
        assert version_number(staging.name) is None
        assert next_version(tmp_path) == 1
    assert entries(tmp_path) == ["1"]


def test_an_existing_version_is_refused_and_left_alone(tmp_path):
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "saved_model.pb").write_bytes(b"old")
    with pytest.raises(VersionError, match="exists already") as refusal, new_version(tmp_path / "1"):
        pytest.fail("the block must not run")
    assert "--version" in refusal.value.remedy
    assert (tmp_path / "1" / "saved_model.pb").read_bytes() == b"old"
    assert entries(tmp_path) == ["1"]


def test_another_spelling_of_an_existing_number_is_refused_by_its_name(tmp_path):
    (tmp_path / "007").mkdir()
    with pytest.raises(VersionError, match="007 exists already"), new_version(tmp_path / "7"):
        pytest.fail("the block must not run")
    assert entries(tmp_path) == ["007"]


@pytest.mark.parametrize("error", [ValueError("broken"), KeyboardInterrupt(), VersionError("full", "wait")])
def test_an_exception_inside_the_block_passes_and_leaves_nothing(tmp_path, error):
    with pytest.raises(type(error)) as caught, new_version(tmp_path / "models" / "new" / "1") as staging:  # noqa: PT012
        (staging / "saved_model.pb").write_bytes(b"half")
        raise error
    assert caught.value is error
    assert entries(tmp_path) == []


def test_a_failed_version_leaves_the_others_and_their_folder(tmp_path):
    with new_version(tmp_path / "model" / "1") as staging:
        (staging / "saved_model.pb").write_bytes(b"good")
    with pytest.raises(ZeroDivisionError), new_version(tmp_path / "model" / "2"):
        raise ZeroDivisionError
    assert entries(tmp_path / "model") == ["1"]


def test_an_error_of_the_disk_becomes_one_sentence_with_a_remedy(tmp_path):
    with pytest.raises(VersionError, match="No space left on device") as caught, new_version(tmp_path / "model" / "1"):
        raise OSError(28, "No space left on device")
    assert "free space" in caught.value.remedy
    assert entries(tmp_path) == []


def test_the_slower_of_two_writers_of_one_number_is_told_that_it_exists(tmp_path):
    target = tmp_path / "1"
    with pytest.raises(VersionError, match="exists already"), new_version(target) as slow:  # noqa: PT012
        (slow / "who").write_text("slow")
        with new_version(target) as fast:
            (fast / "who").write_text("fast")
    assert (target / "who").read_text() == "fast"
    assert entries(tmp_path) == ["1"]


def test_exactly_one_of_many_writers_of_one_number_wins(tmp_path):
    target, barrier, outcomes = tmp_path / "model" / "1", threading.Barrier(8), []

    def write(writer):
        try:
            with new_version(target) as staging:
                (staging / "who").write_text(str(writer))
                barrier.wait(timeout=30)
            outcomes.append(writer)
        except VersionError:
            outcomes.append(None)

    threads = [threading.Thread(target=write, args=[n]) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = [writer for writer in outcomes if writer is not None]
    assert len(outcomes) == 8
    assert (target / "who").read_text() == str(winner)
    assert entries(tmp_path / "model") == ["1"]


def test_a_version_can_be_read_by_other_users(tmp_path):
    before = os.umask(0o022)
    try:
        with new_version(tmp_path / "model" / "1") as staging:
            (staging / "saved_model.pb").write_bytes(b"model")
    finally:
        os.umask(before)
    for folder in (tmp_path / "model", tmp_path / "model" / "1"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "model" / "1" / "saved_model.pb").stat().st_mode) == 0o644


@pytest.mark.parametrize("inside", ["model", "model/deeper"])
def test_a_file_in_place_of_the_folder_is_explained_and_left_alone(tmp_path, inside):
    (tmp_path / "model").write_bytes(b"precious")
    with pytest.raises(VersionError, match="cannot be written"), new_version(tmp_path / inside / "1"):
        pytest.fail("the block must not run")
    assert (tmp_path / "model").read_bytes() == b"precious"


def test_a_name_that_no_disk_takes_is_explained(tmp_path):
    folder = tmp_path / ("x" * 300)
    with pytest.raises(VersionError, match="File name too long"):
        next_version(folder)
    with pytest.raises(VersionError, match="File name too long"), new_version(folder / "1"):
        pytest.fail("the block must not run")
