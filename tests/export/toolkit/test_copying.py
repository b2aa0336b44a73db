"""`nst copy`: what arrives is what was sent, whole or not at all."""

from __future__ import annotations

import filecmp
import shutil

import pytest
from typer.testing import CliRunner

from nst_client.cli import app
from nst_export.errors import SavedModelError, VersionError
from nst_export.saved_model.version_folder import versions_in
from nst_export.toolkit.copying import copy_version


def names_below(folder) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def test_every_byte_arrives_and_the_command_prints_the_folder(tiny_model_dir, tmp_path):
    finished = CliRunner().invoke(app, ["copy", str(tiny_model_dir), str(tmp_path / "other")])
    assert finished.exit_code == 0
    assert finished.stdout.strip() == str(tmp_path / "other" / "1")
    source, copy = tiny_model_dir / "1", tmp_path / "other" / "1"
    assert names_below(copy) == names_below(source)
    files = [name for name in names_below(source) if (source / name).is_file()]
    assert filecmp.cmpfiles(source, copy, files, shallow=False)[0] == files


def test_the_copy_may_have_another_number(tiny_model_dir, tmp_path):
    assert copy_version(tiny_model_dir / "1", tmp_path, 7) == tmp_path / "7"
    assert set(versions_in(tmp_path)) == {7}


def test_a_copy_that_is_there_already_is_left_as_it_is(tiny_model_dir, tmp_path):
    first = copy_version(tiny_model_dir / "1", tmp_path)
    before = (first / "saved_model.pb").stat().st_mtime_ns
    assert copy_version(tiny_model_dir / "1", tmp_path) == first
    assert (first / "saved_model.pb").stat().st_mtime_ns == before


def test_a_number_with_other_files_is_refused_by_the_file_that_differs(tiny_model_dir, tmp_path):
    copy = copy_version(tiny_model_dir / "1", tmp_path)
    card = copy / "assets.extra" / "model_card.json"
    card.write_text(card.read_text("utf-8") + " ", "utf-8")
    with pytest.raises(VersionError, match=r"is another one: assets\.extra/model_card\.json differs"):
        copy_version(tiny_model_dir / "1", tmp_path)


@pytest.mark.parametrize("missing", ["variables/variables.index", "variables/variables.data-00000-of-00001"])
def test_half_a_version_is_not_copied(tiny_model_dir, broken_copy, tmp_path, missing):
    half = broken_copy(tiny_model_dir)
    (half / missing).unlink()
    with pytest.raises(SavedModelError, match="is damaged: "):
        copy_version(half, tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_a_folder_without_a_version_is_refused(tmp_path):
    finished = CliRunner().invoke(app, ["copy", str(tmp_path), str(tmp_path / "other")])
    assert isinstance(finished.exception, SavedModelError)


def test_a_version_without_a_number_needs_one(tiny_model_dir, tmp_path):
    shutil.copytree(tiny_model_dir / "1", tmp_path / "best")
    with pytest.raises(VersionError, match="has no version number"):
        copy_version(tmp_path / "best", tmp_path / "other")
    assert copy_version(tmp_path / "best", tmp_path / "other", 3).name == "3"
