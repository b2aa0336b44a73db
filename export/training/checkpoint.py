"""A run's folder: the checkpoint it goes on from, and the curve."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import torch

from training.errors import TrainingError

CHECKPOINT = "checkpoint.pt"
CURVE = "curve.jsonl"


def write_checkpoint(folder: Path, state: dict[str, Any]) -> None:
    """Replaces the checkpoint, whole or not at all: a run killed meanwhile goes on from the one before."""
    part = folder / f"{CHECKPOINT}.part"
    with part.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(folder / CHECKPOINT)


def read_checkpoint(folder: Path) -> dict[str, Any] | None:
    """The checkpoint, or none where the run has not written one.

    Raises:
        TrainingError: it cannot be read.
    """
    file = folder / CHECKPOINT
    if not file.exists():
        return None
    try:
        state: dict[str, Any] = torch.load(file, weights_only=True)
    except Exception as error:  # torch raises a dozen kinds for a damaged file
        raise TrainingError(f"{file} cannot be read: {error}.", "Remove it to begin again.") from error
    return state


def required_checkpoint(folder: Path) -> dict[str, Any]:
    """The checkpoint of a run that must have one.

    Raises:
        TrainingError: there is none, or it cannot be read.
    """
    state = read_checkpoint(folder)
    if state is None:
        raise TrainingError(f"{folder} holds no {CHECKPOINT}.", "Name the folder of `python -m training train`.")
    return state


def append_curve(folder: Path, line: dict[str, Any]) -> None:
    """Adds one line of JSON."""
    with (folder / CURVE).open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def cut_curve(folder: Path, step: int) -> None:
    """Forgets what a killed run had drawn beyond its last checkpoint."""
    file = folder / CURVE
    if file.exists():
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if json.loads(line)["step"] <= step]
        file.write_text("".join(kept), encoding="utf-8")
