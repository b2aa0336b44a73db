"""`nst versions prune`: deleting old versions, none that is served, and each as a whole."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from nst_export.errors import VersionError
from nst_export.saved_model.messages import model_server_config_pb2
from nst_export.saved_model.models_config import chosen_versions
from nst_export.toolkit.version_rows import VersionRow

DELETED = "deleted-"  # begins the name of a version while it is deleted: no server takes it for one
ENDED = "END"  # the state of a version that a server has no more


class Verdict(NamedTuple):
    """What happens to a version on disk."""

    row: VersionRow
    kept_because: str  # empty: it goes


def verdicts(rows: Sequence[VersionRow], keep: int, model: model_server_config_pb2.ModelConfig | None) -> list[Verdict]:
    """Which versions go: whole ones that are not among the newest and that nobody serves.

    Args:
        rows: all versions, the newest first, with their states on all servers.
        keep: so many of the newest stay; what is damaged, or copied at the moment, is not counted and stays too.
        model: its entry in the models.config, whose labels and policy say what is served; None if there is none.
    """
    there = [row for row in rows if row.folder is not None]
    newest = [row.version for row in there if not row.problems][:keep]
    chosen = set() if model is None else chosen_versions(model, [row.version for row in there])
    return [Verdict(row, _why_kept(row, newest, chosen)) for row in there]


def _why_kept(row: VersionRow, newest: Sequence[int], chosen: set[int]) -> str:
    if row.labels:
        return f"has the label {row.labels[0]}"
    on = next((one for one in row.served if one.state != ENDED), None)
    if on is not None:
        return f"is {on.state} on {on.server}"
    if row.version in chosen:
        return "is one that the configuration has served"
    if row.problems:
        return f"is not whole, perhaps not yet: {row.problems[0]}"
    return "is among the newest" if row.version in newest else ""


def delete_version(folder: Path) -> None:
    """Deletes a version: by another name, so that no server sees it half.

    Raises:
        VersionError: it cannot be deleted; the text says what is left.
    """
    doomed = folder.with_name(f"{DELETED}{folder.name}")
    remedy = "Check the permissions of the folder and of what is in it."
    try:
        _remove(doomed)  # left by a deletion that was stopped
        folder.rename(doomed)
    except OSError as error:
        raise VersionError(f"{folder} cannot be deleted: {error.strerror}. It is as it was.", remedy) from error
    try:
        _remove(doomed)
    except OSError as error:
        message = f"{folder} is no version any more, and what is left of it, {doomed}, cannot be deleted: "
        raise VersionError(f"{message}{error.strerror}.", remedy) from error


def _remove(folder: Path) -> None:
    if folder.is_symlink():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)
