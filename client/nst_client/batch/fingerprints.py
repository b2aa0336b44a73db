"""Whether two runs of a batch are the same: by their pictures as they are on the disk, and by their settings."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from nst_client.jobs.job import ROLE, Sources


class Fingerprint(NamedTuple):
    """A file on the disk, without looking into it."""

    path: str
    size_bytes: int
    modified_ns: int  # time of the last change


Fingerprints = Mapping[str, Fingerprint | None]  # by role; None for a file that is not there


def fingerprints_of(sources: Sources) -> Fingerprints:
    """As the pictures are now."""
    return {role: _fingerprint(file) for role, file in sources.by_role().items()}


def fingerprints_of_json(words: Mapping[str, Any]) -> Fingerprints:
    """Those that a record of JSON holds by their roles, whatever stands beside them.

    Raises:
        LookupError, TypeError, ValueError: they are damaged.
    """
    found = {role: value for role, value in words.items() if ROLE.fullmatch(role)}
    if not {"content", "style"} <= found.keys():
        raise LookupError("a record has a content and a style")
    return {role: value and _of_list(*value) for role, value in found.items()}


def is_there(result: Path) -> bool:
    """Whether there is something to look at: when a machine dies, it may leave an empty file."""
    try:
        return result.is_file() and result.stat().st_size > 0
    except OSError:
        return False


def run_key(model: str, settings: Mapping[str, Any], fingerprints: Fingerprints) -> bytes:
    """A digest of all that decides a result, except for the folders of the pictures, which may have been moved."""
    names = {
        role: found and found._replace(path=os.path.basename(found.path))  # noqa: PTH119  (a string)
        for role, found in fingerprints.items()
    }
    return _digest([model, dict(settings), names])


def paths_key(fingerprints: Fingerprints) -> bytes:
    """A digest of the places of the pictures, whatever lies there."""
    return _digest({role: found and found.path for role, found in fingerprints.items()})


def _fingerprint(file: Path) -> Fingerprint | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return Fingerprint(str(file.resolve()), status.st_size, status.st_mtime_ns)


def _of_list(path: object, size_bytes: object, modified_ns: object) -> Fingerprint:
    return Fingerprint(str(path), int(str(size_bytes)), int(str(modified_ns)))


def _digest(words: Any) -> bytes:
    data = json.dumps(words, sort_keys=True).encode()
    return hashlib.sha256(data).digest()[:16]  # no two of a million are the same
