"""What runs a row: a process of its own that answers with times, or a server that is called."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from nst_export.bench import worker
from nst_export.bench.memory import Field, memory_of
from nst_export.bench.task import pictures_of

# For processes that take turns on a GPU: TensorFlow otherwise takes nearly all of its memory, and the second has none.
SHARED_GPU = {"TF_FORCE_GPU_ALLOW_GROWTH": "true"}


class RowFailed(Exception):
    """A row's process ended, or its server refused the call; the text is the reason, without a full stop."""


class Timed(NamedTuple):
    """One run."""

    seconds: float
    value: float  # the last total loss; of a peak, operations in a second


class Runner(Protocol):
    """Runs a row."""

    def memory(self, field: Field) -> int | None:
        """Bytes of its process, now or at the highest; of the GPU's where it computes there. None: not known."""

    def timed(self, iterations: int) -> Timed:
        """Runs once.

        Raises:
            RowFailed: it cannot.
        """


class WorkerProcess:
    """A row's own process: `worker` with the row's loop."""

    def __init__(self, process: subprocess.Popen[bytes], errors: Path) -> None:
        """Waits until it is ready.

        Raises:
            RowFailed: it never is.
        """
        self._process, self._errors = process, errors
        self._gpu_memory: int | None = None
        self._answer()

    @property
    def process(self) -> int:
        """Its number."""
        return self._process.pid

    def memory(self, field: Field) -> int | None:
        """See `Runner`."""
        return memory_of(self.process, field) if self._gpu_memory is None else self._gpu_memory

    def timed(self, iterations: int) -> Timed:
        """See `Runner`."""
        try:
            if self._process.stdin:
                self._process.stdin.write(f"{iterations}\n".encode())
        except BrokenPipeError:
            self._fail()
        answer = self._answer()
        return Timed(answer["seconds"], answer["value"])

    def _answer(self) -> dict[str, Any]:
        line = self._process.stdout.readline() if self._process.stdout else b""
        if not line:
            self._fail()
        found: dict[str, Any] = json.loads(line)
        self._gpu_memory = found.pop("gpu_memory")
        return found

    def _fail(self) -> None:
        code = self._process.wait()
        said = self._errors.read_text(encoding="utf-8", errors="replace").strip().rpartition("\n")[2]
        if code == -signal.SIGKILL:
            said = "the system killed it, as it does when memory runs out"
        raise RowFailed(f"its process ended: {said or f'exit code {code}'}".rstrip("."))


@contextlib.contextmanager
def worker_process(loop: Path, settings: Mapping[str, Any], python: str = sys.executable) -> Iterator[WorkerProcess]:
    """A process of its own for a loop, which ends with the block.

    Args:
        loop: a program's file: see `worker`.
        settings: what it is given.
        python: the interpreter.

    Raises:
        RowFailed: it cannot be started.
    """
    with tempfile.TemporaryDirectory(prefix="nst-bench-") as place:
        errors = Path(place, "stderr")
        with errors.open("wb") as stream:
            process = subprocess.Popen(
                [python, worker.__file__, loop, json.dumps(settings)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stream,
                env=os.environ | SHARED_GPU,
                bufsize=0,  # a buffer would keep what a dead process did not read, and closing it would raise once more
                start_new_session=True,  # Ctrl-C is for the benchmark, which ends the process
            )
        with process:
            try:
                yield WorkerProcess(process, errors)
            finally:
                process.kill()


class Served(NamedTuple):
    """A server of a model, and how to call it."""

    process: int | None  # whose memory counts
    stylize: Callable[..., np.ndarray]  # content, style and iterations to losses; raises RowFailed


class ServedRow:
    """Calls a server."""

    def __init__(self, served: Served, folder: Path, size: int) -> None:
        """Reads the pictures."""
        self._served = served
        self._pictures = pictures_of(folder, size)

    def memory(self, field: Field) -> int | None:
        """See `Runner`."""
        return None if self._served.process is None else memory_of(self._served.process, field)

    def timed(self, iterations: int) -> Timed:
        """See `Runner`."""
        begin = time.perf_counter()
        losses = self._served.stylize(**self._pictures, iterations=iterations)
        return Timed(time.perf_counter() - begin, float(losses[-1, 0]))
