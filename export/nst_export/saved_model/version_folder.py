"""What a version of a model is on disk: a child of the model's folder whose name is a whole number.

The rule is TensorFlow Serving's own, file_system_storage_path_source.cc: a name is a version if `absl::SimpleAtoi`
reads it as an int64. TensorFlow's runtime is not needed.
"""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path
from typing import TypeAlias

GRAPH_FILE = "saved_model.pb"
FINGERPRINT_FILE = "fingerprint.pb"
SAVED_MODEL_FILES = (GRAPH_FILE, "saved_model.pbtxt")  # the second is the first as text: TensorFlow loads either
VARIABLES_FOLDER = "variables"
EXTRA_ASSETS = Path("assets.extra")  # TensorFlow's name for a folder that it neither writes nor reads itself

SMALLEST_VERSION, LARGEST_VERSION = -(2**63), 2**63 - 1

# Blanks around it and zeros in front are let through, and a sign: 007, -3. TensorFlow Serving 2.18 and older, with
# `strings::safe_strto64`, did not take the plus. Digits are ASCII alone.
WHOLE_NUMBER = re.compile(r"[ \t\n\v\f\r]*([+-]?[0-9]+)[ \t\n\v\f\r]*")


def version_number(name: str) -> int | None:
    """The version that a folder of this name holds; None if it is not one."""
    match = WHOLE_NUMBER.fullmatch(name)
    if match is None:
        return None
    number = int(match[1])
    return number if SMALLEST_VERSION <= number <= LARGEST_VERSION else None


def versions_in(model_dir: Path) -> dict[int, Path]:
    """Every version of a model by its number; none if the folder is not there.

    Of two names with one number, 1 and 01, the one that sorts last counts. The server does not look at what bears
    the name: a file called 3 is a version too, one that cannot be loaded.

    Raises:
        OSError: the folder cannot be read.
    """
    if not model_dir.is_dir():
        return {}
    found = ((version_number(child.name), child) for child in sorted(model_dir.iterdir()))
    return {number: child for number, child in found if number is not None}


def holds_saved_model(folder: Path) -> bool:
    """Whether there is a graph in it: what a version cannot be loaded without."""
    return any((folder / name).is_file() for name in SAVED_MODEL_FILES)


FileState: TypeAlias = tuple[int, ...]


def states_of_files(version_dir: Path) -> dict[str, FileState]:
    """Inode, rights, size in bytes and times in nanoseconds of everything in a version, by path.

    Two of these differ if a file or folder has come, gone, grown, been replaced or got other rights in between. What
    vanishes during the look is left out, and so is what is in a folder that cannot be read.
    """
    paths = [str(version_dir)]
    for folder, folders, files in os.walk(version_dir):
        paths += [os.path.join(folder, name) for name in (*folders, *files)]  # noqa: PTH118  (walk gives strings)
    states: dict[str, FileState] = {}
    for path in paths:
        with contextlib.suppress(OSError):
            found = os.stat(path)  # noqa: PTH116
            states[path] = (found.st_ino, found.st_mode, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
    return states
