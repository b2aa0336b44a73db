"""Resident memory of a server after 200 requests of mixed sizes, over that after 20.

    python -m tests.benchmarks.server_memory [--clients 4] [--model-dir DIR]

Without --model-dir it exports the tests' tiny model. The server is a process of its own; each request is one iteration
on a picture of a side between 32 and 128 pixels, each side as often as any other.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from nst_client.calls.style_client import StyleClient

FIRST, ALL = 20, 200
SIDES = np.random.default_rng(0).integers(32, 129, [ALL, 4])  # of content and style


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--clients", type=int, default=4)
    options.add_argument("--model-dir", type=Path)
    arguments = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model_dir = arguments.model_dir or _tiny_model(Path(folder))
        command = [sys.executable, "-m", "nst_client", "serve", str(model_dir), "--port", "0", "--quiet"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            words = process.stdout.readline().split()
            address = words[words.index("at") + 1]
            after = [_resident(process.pid)]
            for first, last in ((0, FIRST), (FIRST, ALL)):
                _call(address, SIDES[first:last], arguments.clients)
                after.append(_resident(process.pid))
        finally:
            process.terminate()
            process.wait()
    start, few, many = after
    print(f"{arguments.clients} clients: {start:.0f} MB at the start, {few:.0f} after {FIRST} requests, ", end="")
    print(f"{many:.0f} after {ALL}: {many / few:.2f} times that after {FIRST}")


def _tiny_model(folder: Path) -> Path:
    from nst_export.export import export_version
    from nst_graph.limits import Limits

    export_version(folder / "nst", weights="random:0", limits=Limits(128 * 128, 100), width_divisor=16)
    return folder / "nst"


def _call(address: str, sides: np.ndarray, clients: int) -> None:
    with StyleClient(address) as client, ThreadPoolExecutor(clients) as pool:
        list(pool.map(lambda row: _stylize(client, *row), sides))


def _stylize(client: StyleClient, *sides: int) -> None:
    height, width, tall, wide = sides
    content, style = (np.full(shape, 100, np.uint8) for shape in ((height, width, 3), (tall, wide, 3)))
    content[::3], style[:, ::5] = 10, 240
    client.stylize(content, style, iterations=1)


def _resident(pid: int) -> float:
    """In MB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE)[1]) / 1000


if __name__ == "__main__":
    main()
