"""The losses of a run as a table that any program reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nst_client.contract import LOSS_COLUMNS
from nst_client.files.written import check_can_write, write_whole


def check_losses_writable(file: Path) -> None:
    """Refuses, before anything is computed, a path to which `write_losses` could not write.

    Raises:
        FileError: another suffix than .csv, a folder that does not exist or may not be written to.
    """
    check_can_write(file, (".csv",), "a table")


def write_losses(file: Path, losses: np.ndarray, first_iteration: int = 0) -> None:
    """Writes comma-separated values: a line of names, then one line for each iteration.

    Args:
        file: .csv; it is written whole or not at all.
        losses: float32[iterations, 4], columns as contract.LOSS_COLUMNS.
        first_iteration: updates of the picture that the first row belongs to: 0 unless a run went on
            from an earlier one.

    Raises:
        FileError: the file cannot be written, and an older one is as it was.
    """
    lines = [",".join(("iteration", *LOSS_COLUMNS))]
    for iteration, row in enumerate(losses, first_iteration):
        # Nine digits bring every float32 back exactly, whether they are read as float32 or as double.
        lines.append(",".join([str(iteration), *(f"{loss:.9g}" for loss in row)]))
    write_whole(file, "".join(f"{line}\n" for line in lines).encode())
