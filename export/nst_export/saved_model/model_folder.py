"""Why a folder is not a model's folder, in words for the person who named it. TensorFlow's runtime is not needed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import NamedTuple

from nst_export.saved_model.new_version import UNFINISHED
from nst_export.saved_model.version_folder import VARIABLES_FOLDER, holds_saved_model, version_number, versions_in

NUMBERS_ONLY = "version folders are whole numbers"


class Fault(NamedTuple):
    """What is wrong, and what to do about it, a sentence each."""

    message: str
    remedy: str


def is_version_content(folder: Path) -> bool:
    """Whether a folder holds what a version does, whole or half copied.

    Raises:
        OSError: it cannot be read.
    """
    return folder.is_dir() and (holds_saved_model(folder) or (folder / VARIABLES_FOLDER).is_dir())


def unusable_path(model_dir: Path) -> Fault | None:
    """What is wrong with a path that TensorFlow can neither open nor write; None if nothing is."""
    try:
        str(model_dir.absolute()).encode()
    except UnicodeEncodeError:
        remedy = "Rename that folder, or name another one."
        return Fault(f"The path of the folder {model_dir} is not UTF-8, which TensorFlow needs.", remedy)
    return None


def why_no_version(model_dir: Path) -> Fault:
    """What is wrong with a folder in which `versions_in` finds nothing."""
    try:
        return _fault(model_dir)
    except OSError as error:
        return unreadable(model_dir, error)


def unreadable(model_dir: Path, error: OSError) -> Fault:
    """A folder, or one in it, cannot be read."""
    what = error.filename or model_dir
    return Fault(f"{what} cannot be read: {error.strerror}.", "Ask its owner for access, or name another folder.")


def _fault(model_dir: Path) -> Fault:
    export = f"`nst export {shlex.quote(str(model_dir))}`"
    if not model_dir.exists():
        return Fault(f"There is no folder {model_dir}.", f"Check its name, or make a model there with {export}.")
    if not model_dir.is_dir():
        return Fault(f"{model_dir} is a file.", "Name the model's folder, which holds its version folders.")
    if is_version_content(model_dir):
        return _is_a_version(model_dir)
    misplaced = map(_misplaced, sorted(model_dir.iterdir()))
    return next(filter(None, misplaced), None) or _nothing_in(model_dir, export)


def _nothing_in(model_dir: Path, export: str) -> Fault:
    children = list(model_dir.iterdir())
    if not children:
        return Fault(f"{model_dir} is empty.", f"Make a model there with {export}.")
    if any(child.name.startswith(UNFINISHED) for child in children):
        remedy = f"Wait for the export that is writing it, or begin anew with {export}."
        return Fault(f"{model_dir} holds no version yet, only an unfinished one.", remedy)
    return Fault(f"{model_dir} holds no version folder: {NUMBERS_ONLY}.", f"Make a model there with {export}.")


def _misplaced(child: Path) -> Fault | None:
    """What is wrong if a version, or a model, stands in a model's folder under a name that is not a number."""
    if is_version_content(child) and not child.name.startswith(UNFINISHED):
        digits = re.search("[0-9]+", child.name)
        rename = shlex.join(["mv", str(child), str(child.with_name(digits[0] if digits else "1"))])
        return Fault(f"{child} is not a version: {NUMBERS_ONLY}.", f"Rename it: `{rename}`.")
    if versions_in(child):
        remedy = "Name that folder, or serve several models with a --config file."
        return Fault(f"{child.parent} is not a model's folder, {child} is one.", remedy)
    return None


def _is_a_version(folder: Path) -> Fault:
    named = folder if version_number(folder.name) is not None else folder.resolve()  # such as `.` in a version
    if version_number(named.name) is not None:
        return Fault(f"{folder} is a version, not a model's folder.", f"Name its parent {named.parent}.")
    message = f"{folder} holds a SavedModel itself: {NUMBERS_ONLY}."
    return Fault(message, f"Move what it holds into {folder / '1'}.")
