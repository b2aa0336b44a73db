"""Timed calls of a model, and for one on disk a process of its own, whose memory is the model's alone.

That process is this module as a program: it reads requests from a folder and writes the answers beside them.
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from nst_client.commands.connection import Calls, calls_here
from nst_client.errors import NstError

REPEATS = 3  # calls after the first one, which prepares much that the others find ready
LONG_SECONDS = 5.0  # of a first call, after which one more is enough


class Timed(NamedTuple):
    """One request."""

    reply: bytes | None  # a PredictResponse
    seconds: float | None  # of the shortest call after the first one
    problem: str  # why there is no reply; else empty


def timed(call: Calls, request: Any, deadline_seconds: float) -> Timed:
    """Calls several times; what fails is explained."""
    times: list[float] = []
    try:
        while len(times) <= (1 if times and times[0] > LONG_SECONDS else REPEATS):
            begin = time.monotonic()
            reply = call("prediction", "Predict", request, deadline_seconds)
            times.append(time.monotonic() - begin)
    except NstError as error:
        return Timed(None, None, str(error))
    return Timed(reply.SerializeToString(), min(times[1:]), "")


def timed_there(call: Calls, requests: Sequence[Any], deadline_seconds: float) -> tuple[list[Timed], None]:
    """The same of several requests to a server, whose memory nobody tells."""
    return [timed(call, request, deadline_seconds) for request in requests], None


def timed_apart(version_dir: Path, requests: Sequence[Any], deadline_seconds: float) -> tuple[list[Timed], int | None]:
    """The same of a version on disk in a process of its own, and the memory that this took.

    That is what model and calls added to the process at its peak, in bytes; None where the system does not tell it.
    """
    with tempfile.TemporaryDirectory(prefix="nst-diff-") as name:
        folder = Path(name)
        for number, request in enumerate(requests):
            (folder / f"{number}.request").write_bytes(request.SerializeToString())
        command = [sys.executable, "-m", __name__, str(version_dir), name, str(len(requests)), str(deadline_seconds)]
        ended = subprocess.run(command, capture_output=True, check=False)
        if ended.returncode:
            said = ended.stderr.decode(errors="replace").strip().rpartition("\n")[2]
            problem = said or f"its process ended with the code {ended.returncode}"
            return [Timed(None, None, problem)] * len(requests), None
        rows, size = json.loads(ended.stdout)
        replies = [folder / f"{number}.reply" for number in range(len(rows))]
        found = [
            Timed(reply.read_bytes() if reply.exists() else None, *row)
            for reply, row in zip(replies, rows, strict=True)
        ]
        return found, size


def main(version_dir: str, folder: str, count: str, deadline_seconds: str) -> None:
    """The process: prints seconds and problem of each request, and the bytes."""
    importlib.import_module("nst_export.quiet_import").import_tensorflow()
    messages = importlib.import_module("nst_export.saved_model.messages").predict_pb2
    memory_of = importlib.import_module("nst_export.bench.memory").memory_of
    before = memory_of("self", "VmRSS")
    rows = []
    with calls_here(Path(version_dir)) as call:
        for number in range(int(count)):
            request = messages.PredictRequest.FromString(Path(folder, f"{number}.request").read_bytes())
            result = timed(call, request, float(deadline_seconds))
            if result.reply is not None:
                Path(folder, f"{number}.reply").write_bytes(result.reply)
            rows.append(result[1:])
        peak = memory_of("self", "VmHWM")
    size = None if before is None or peak is None else peak - before
    sys.stdout.write(json.dumps([rows, size]))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Exception as error:  # noqa: BLE001  (whatever it is, the other process says it)
        sys.stderr.write(f"{error}".replace("\n", " "))
        sys.exit(1)
