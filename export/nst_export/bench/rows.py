"""The rows of the benchmark: who computes the same recipe, in which precision, by which program."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from nst_export.errors import BenchError
from nst_graph.choices import Precision

Kind = Literal["eager", "pytorch", "session", "grpc", "peak"]

HOW_TO_GET_PYTORCH = "Install PyTorch and NumPy in any environment, and name its interpreter with --torch-python PATH."

COMPILED = "stylize_xla"

WHY_FOR_GPUS = "There is no GPU, and without one float16 and XLA are slower. --row measures it all the same."

HERE = Path(__file__).parent

# The program of each kind; that of `grpc` is the server's.
LOOPS: Mapping[Kind, Path] = {
    "eager": HERE / "eager_loop.py",
    "pytorch": HERE / "pytorch_loop.py",
    "session": HERE / "session_loop.py",
    "peak": HERE / "convolution_peak.py",
}


class Row(NamedTuple):
    """One."""

    name: str
    kind: Kind
    precision: Precision
    meaning: str
    channels_last: bool = False  # the layout of PyTorch's tensors
    signature: str = "serving_default"  # of our model
    for_gpus: bool = False  # left out where there is none, unless it is named

    def settings(self, folder: Path, size: int) -> dict[str, Any]:
        """What its program is given: see `worker`."""
        return {
            "folder": str(folder),
            "size": size,
            "precision": self.precision,
            "channels_last": self.channels_last,
            "signature": self.signature,
        }


ROWS = (
    Row("tensorflow-eager", "eager", "float32", "TensorFlow's GradientTape in a Python loop, as tutorials have it"),
    Row("pytorch-float32", "pytorch", "float32", "PyTorch in a Python loop, its default layout"),
    Row("pytorch-float32-channels-last", "pytorch", "float32", "the same with channels last", channels_last=True),
    Row("pytorch-bfloat16-channels-last", "pytorch", "bfloat16", "the same in bfloat16", channels_last=True),
    Row(
        "pytorch-float16-channels-last", "pytorch", "float16", "the same in float16", channels_last=True, for_gpus=True
    ),
    Row("nst-float32", "session", "float32", "our SavedModel in a session, as a server runs it"),
    Row("nst-bfloat16", "session", "bfloat16", "the same in bfloat16"),
    Row("nst-float16", "session", "float16", "the same in float16", for_gpus=True),
    Row("nst-float32-xla", "session", "float32", "the network compiled by XLA", signature=COMPILED, for_gpus=True),
    Row("nst-bfloat16-xla", "session", "bfloat16", "the same in bfloat16", signature=COMPILED, for_gpus=True),
    Row("nst-float16-xla", "session", "float16", "the same in float16", signature=COMPILED, for_gpus=True),
    Row("nst-grpc-float32", "grpc", "float32", "our SavedModel over gRPC from `nst serve` on this machine"),
    Row("nst-grpc-bfloat16", "grpc", "bfloat16", "the same in bfloat16"),
)


def chosen_rows(names: Sequence[str]) -> list[Row]:
    """Those of the names, in the table's order; all where there are none.

    Raises:
        BenchError: there is no such row.
    """
    known = [row.name for row in ROWS]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise BenchError(f"There is no row {unknown[0]}.", f"Rows: {', '.join(known)}.")
    return [row for row in ROWS if not names or row.name in names]


def peak_rows(rows: Sequence[Row]) -> list[Row]:
    """What measures the machine in each precision of the rows."""
    precisions = dict.fromkeys(row.precision for row in rows)
    return [Row(f"peak-{precision}", "peak", precision, "") for precision in precisions]


def pytorch_version(python: str) -> str:
    """The version of PyTorch that an interpreter has.

    Raises:
        BenchError: it has none, or no NumPy, or cannot be run.
    """
    command = [python, "-c", "import numpy, torch; print(torch.__version__)"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    except OSError as error:
        raise BenchError(f"{python} cannot be run: {error.strerror}.", HOW_TO_GET_PYTORCH) from error
    if done.returncode:
        said = done.stderr.strip().rpartition("\n")[2] or f"exit code {done.returncode}"
        raise BenchError(f"{python} cannot run PyTorch: {said}.", HOW_TO_GET_PYTORCH)
    return done.stdout.strip()
