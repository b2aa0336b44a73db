"""What tells the runs of a batch from each other: what their pictures look like on the disk, and their settings."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nst_client.batch.pairs import Pair

# Path, bytes, and nanoseconds of the last change, of content and style; None for a file that is not there.
Stamps = list[Any]


def stamps_of(pair: Pair) -> Stamps:
    """As the pictures are now."""
    return [_stamp(path) for path in (pair.content, pair.style)]


def is_there(result: Path) -> bool:
    """Whether there is something to look at: when a machine dies, it may leave an empty file."""
    try:
        return result.is_file() and result.stat().st_size > 0
    except OSError:
        return False


def inputs_as_json(pair: Pair, stamps: Stamps) -> dict[str, Any]:
    """All that decides a result, but the model."""
    return {"content": stamps[0], "style": stamps[1], "settings": pair.settings.as_json()}


def run_key(model: str, settings: Mapping[str, Any], stamps: Stamps) -> bytes:
    """The same for the same run, also when its pictures have been moved since."""
    names = [stamp and [os.path.basename(stamp[0]), *stamp[1:]] for stamp in stamps]  # noqa: PTH119  (a string)
    return _digest([model, sorted(settings.items()), names])


def paths_digest(stamps: Stamps) -> bytes:
    """The same for the same places of the pictures, whatever lies there."""
    return _digest([stamp and stamp[0] for stamp in stamps])


def _stamp(path: Path) -> list[Any] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return [str(path.resolve()), status.st_size, status.st_mtime_ns]


def _digest(words: list[Any]) -> bytes:
    return hashlib.sha256(json.dumps(words).encode()).digest()[:16]  # no two of a million are the same
