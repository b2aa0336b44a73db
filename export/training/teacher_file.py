"""The teacher's file: read after its digest alone."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np

from training.errors import TrainingError

SHA256 = "49fb60a2ad6dcbf6acd22426eb71f684141aa5a6ffc20b7156f53af83e52549d"

REMEDY = "Pass the file that export/training/README.md describes, or another one's digest with --teacher-sha256."


def read_teacher_arrays(file: Path, sha256: str = SHA256) -> dict[str, np.ndarray]:
    """`LAYER/kernel` float32[h, w, in, out] and `LAYER/bias` float32[out] of SqueezeNet 1.1.

    Raises:
        TrainingError: no such file, or another one.
    """
    if not file.is_file():
        raise TrainingError(f"There is no teacher file at {file}.", REMEDY)
    content = file.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise TrainingError(f"{file} is not the teacher: its SHA-256 is {found}, not {sha256}.", REMEDY)
    try:
        with np.load(io.BytesIO(content)) as arrays:
            return dict(arrays)
    except (ValueError, OSError) as error:
        raise TrainingError(f"{file} cannot be read as an .npz file: {error}.", REMEDY) from error
