"""`nst serve` in a process of its own, for as long as something is to be called."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from nst_client.errors import ServerUnavailable

NST = [sys.executable, "-m", "nst_client"]
STOP_SECONDS = 30  # twice what the server allows itself


class Embedded(NamedTuple):
    """A server that runs."""

    address: str
    process: int  # its number


@contextlib.contextmanager
def embedded_server(model_dir: Path, *options: str, environment: Mapping[str, str] | None = None) -> Iterator[Embedded]:
    """An embedded server on a free port, which ends with the block.

    Args:
        model_dir: the model's folder.
        options: more of `nst serve`.
        environment: its variables, in place of this process's own.

    Raises:
        ServerUnavailable: it did not start.
    """
    arguments = [*NST, "serve", str(model_dir), "--port", "0", "--quiet", *options]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, errors="replace", env=environment) as process:
        try:
            assert process.stdout is not None  # noqa: S101  (for the type checker: it is a pipe)
            words = process.stdout.readline().split()
            if not words:
                raise ServerUnavailable("The server did not start.", "Its own message above says why.")
            yield Embedded(words[words.index("at") + 1], process.pid)
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
