"""A run on disk: all that is needed to go on, on any server of the same model.

The file is a zip archive as numpy writes it (.npz), not compressed and without pickles: `run`, JSON in UTF-8;
`losses`, float32[iteration, 4]; `image`, uint8[height, width, 3]; and `state0`, `state1`, ..., the strings of the
model's state as uint8. The archive holds a checksum of each.
"""

from __future__ import annotations

import io
import json
import operator
import stat
import struct
import tokenize
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from nst_client.contract import LOSS_COLUMNS, MAX_MESSAGE_BYTES
from nst_client.errors import FileError, StateFileError
from nst_client.files.written import check_can_write, write_whole
from nst_client.progress import Plan, Progress

SUFFIX = ".nst"
FORMAT = "nst-run/1"


class SavedRun(NamedTuple):
    """A run between two of its calls, and what a person asked for."""

    progress: Progress  # its losses are those of the whole run so far: float32[iteration, 4]
    settings: Mapping[str, Any]  # of the caller, as JSON has them


def check_state_writable(file: Path) -> None:
    """Refuses, before anything is computed, a path to which `write_state` could not write."""
    check_can_write(file, (SUFFIX,), "a saved run")


def write_state(file: Path, run: SavedRun) -> None:
    """Writes a run whole or not at all.

    Raises:
        FileError: the file cannot be written, and an older one is as it was.
    """
    progress = run.progress
    words = {
        "format": FORMAT,
        "iteration": progress.iteration,
        "iterations": progress.iterations,
        "version": progress.version,
        "states": len(progress.state),
        "plan": progress.plan._asdict(),
        "settings": dict(run.settings),
    }
    strings: dict[str, Any] = {
        f"state{index}": np.frombuffer(part, np.uint8) for index, part in enumerate(progress.state)
    }
    buffer = io.BytesIO()
    encoded = np.frombuffer(json.dumps(words).encode(), np.uint8)
    np.savez(buffer, run=encoded, losses=progress.losses, image=progress.image, **strings)
    write_whole(file, buffer.getbuffer())


def discard_state(file: Path) -> None:
    """Deletes the file of a run that needs it no more, if there is one.

    Raises:
        FileError: it cannot be deleted.
    """
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        raise FileError(f"{file} cannot be deleted: {error.strerror or error}.", "Delete it.") from error


def read_state(file: Path) -> SavedRun:
    """Reads what `write_state` wrote. Only the model knows whether it belongs to given pictures.

    Raises:
        StateFileError: there is no such file, it is foreign, damaged, too large, or of another format.
    """
    try:
        status = file.stat()
        if not stat.S_ISREG(status.st_mode):  # a pipe or a device might never end
            raise StateFileError(f"{file} is no file.", _PASS_ANOTHER)
        size = status.st_size
        if size > MAX_MESSAGE_BYTES:  # its state could not be sent
            raise StateFileError(f"{file} is too large for a saved run: {size} bytes.", _PASS_ANOTHER)
        return _checked(file, _entries(file))
    except FileNotFoundError as error:
        raise StateFileError(f"There is no file {file}.", "Check the path.") from error
    except OSError as error:
        raise StateFileError(f"{file} cannot be read: {error.strerror or error}.", "Check the path.") from error


# What zipfile, numpy and the parsers of Python that they use raise for files that others wrote.
FOREIGN = (
    ArithmeticError,
    EOFError,
    LookupError,
    MemoryError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    tokenize.TokenError,
    zipfile.BadZipFile,
)

_PASS_ANOTHER = "Pass a file that `nst stylize` saved, or start anew without --resume."  # noqa: S105  (no password)


def _entries(file: Path) -> dict[str, np.ndarray]:
    try:
        with zipfile.ZipFile(file) as archive:
            # Nothing is compressed, so nothing in it is larger than the file.
            if any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist()):
                raise StateFileError(f"{file} is not a saved run.", _PASS_ANOTHER)
            # numpy stops reading where an array ends by its own header, and would miss the checksum behind it.
            damaged = archive.testzip()
            if damaged is not None:
                raise StateFileError(f"{file} is damaged: a checksum does not fit.", _PASS_ANOTHER)
        with np.load(file, allow_pickle=False) as arrays:
            return {name: np.asarray(arrays[name]) for name in arrays.files}  # bytes where one is no array
    except FOREIGN as error:
        whole = zipfile.is_zipfile(file)
        message = f"{file} is damaged: {_first_line(error)}." if whole else f"{file} is not a saved run."
        raise StateFileError(message, _PASS_ANOTHER) from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")


def _checked(file: Path, entries: Mapping[str, np.ndarray]) -> SavedRun:
    try:
        words = json.loads(entries["run"].tobytes())
        if words["format"] != FORMAT:
            raise StateFileError(
                f"{file} has the format {words['format']!r}, this version reads {FORMAT!r}.",
                "Go on with the version of nst-serving that saved it.",
            )
        state = tuple(entries[f"state{index}"].tobytes() for index in range(words["states"]))
        counts = [int(words[name]) for name in ("iteration", "iterations", "version")]
        plan = Plan(*(tuple(map(operator.index, words.get("plan", {}).get(name, ()))) for name in Plan._fields))
        run = SavedRun(
            Progress(counts[0], counts[1], entries["image"], entries["losses"], 0.0, counts[2], state, plan),
            dict(words["settings"]),
        )
    except FOREIGN as error:
        raise StateFileError(f"{file} is not a saved run.", _PASS_ANOTHER) from error
    losses, image = run.progress.losses, run.progress.image
    fit = losses.shape == (counts[0], len(LOSS_COLUMNS)) and losses.dtype == np.float32
    if not fit or image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise StateFileError(f"{file} is damaged: its parts do not fit together.", _PASS_ANOTHER)
    return run
