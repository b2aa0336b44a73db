"""`nst copy`: a version into another model's folder, whole or not at all. TensorFlow's runtime is not needed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from nst_export.errors import SavedModelError, VersionError
from nst_export.saved_model.new_version import new_version
from nst_export.saved_model.version_folder import versions_in
from nst_export.toolkit.files import files_in
from nst_export.toolkit.inspection import inspected
from nst_export.toolkit.report import File

COPY_AGAIN = "Copy it anew from where it was exported, or export it again."


def copy_version(source: Path, model_dir: Path, version: int | None = None) -> Path:
    """Copies a version, and compares the digests of all files at the end.

    A server that polls the folder sees the version when it is whole, and never before: see `new_version`. What is
    there already with the same files is left as it is.

    Args:
        source: a version's folder.
        model_dir: the folder of the other model; it need not exist.
        version: its number there; by default the source's own.

    Raises:
        SavedModelError: the source is damaged; nothing was written.
        VersionError: the number is taken by other files, or the copy cannot be written; nothing was left behind.
    """
    linked = _linked_folder(source)
    if linked is not None:
        raise SavedModelError(f"{linked} is a link to a folder.", "Put there what it leads to, or remove it.")
    report = inspected(source, digests=True)
    if report.problems:
        raise SavedModelError(f"{source} is damaged: {report.problems[0]}", COPY_AGAIN)
    number = report.version if version is None else version
    if number is None:
        raise VersionError(f"{source} has no version number.", "Name one with --version.")
    there = versions_in(model_dir).get(number)
    if there is not None:
        _check_same(report.files, there)
        return there
    target = model_dir / str(number)
    with new_version(target) as staging:
        shutil.copytree(source, staging, dirs_exist_ok=True)
        changed = _first_difference(report.files, staging)
        if changed is not None:
            raise VersionError(f"{target} was not written: {changed} differs from the original.", COPY_AGAIN)
    return target


def _linked_folder(source: Path) -> Path | None:
    """A copy would follow it, as often as it leads back; `files_in` does not."""
    folders = (Path(parent, name) for parent, names, _ in os.walk(source) for name in names)
    return next((folder for folder in folders if folder.is_symlink()), None)


def _check_same(files: Sequence[File], there: Path) -> None:
    differing = _first_difference(files, there)
    if differing is not None:
        message = f"{there} exists already, and is another one: {differing} differs."
        raise VersionError(message, "Name a free number with --version.")


def _first_difference(files: Sequence[File], folder: Path) -> str | None:
    """The first file that one of them lacks, or whose bytes differ; None if there is none."""
    wanted, found = ({file.path: file.sha256 for file in each} for each in (files, files_in(folder, digests=True)))
    return next((path for path in sorted(wanted | found) if wanted.get(path) != found.get(path)), None)
