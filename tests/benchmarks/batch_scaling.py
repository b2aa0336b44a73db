"""How `nst batch` scales: throughput over three servers against one, and its memory with the number of pictures.

    python -m tests.benchmarks.batch_scaling [--pictures 200] [--few 20] [--side 64] [--iterations 30]

First with servers that compute, the full VGG19 at 1/16 of its width: there the cores are the limit. Then with
servers that only wait as long as a device would take (`waiting_server.py`): there the client is. Every batch is a
process of its own, whose highest resident memory the system reports.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

SERVERS = 3
SECONDS_PER_ITERATION = 0.01  # a GPU with small pictures


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--pictures", type=int, default=200)
    options.add_argument("--few", type=int, default=20)
    options.add_argument("--side", type=int, default=64)
    options.add_argument("--iterations", type=int, default=30)
    arguments = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        draw(folder, arguments.pictures, arguments.few, arguments.side)
        what = (
            f"{arguments.pictures} pictures of {arguments.side} x {arguments.side}, {arguments.iterations} iterations"
        )
        print(f"{what}, {os.cpu_count()} cores")
        for kind, servers in (("computing", computing(folder)), ("waiting", waiting())):
            with servers as addresses:
                compare(kind, addresses, folder, arguments)


def compare(kind: str, addresses: Sequence[str], folder: Path, arguments: argparse.Namespace) -> None:
    for address in addresses:
        batch(
            folder, "few", [address], arguments, folder / f"warm-{kind}-{address}"
        )  # every server's first call is slow
    single, _ = batch(folder, "many", addresses[:1], arguments, folder / f"{kind}-one")
    several, most = batch(folder, "many", addresses, arguments, folder / f"{kind}-several")
    _, least = batch(folder, "few", addresses, arguments, folder / f"{kind}-few")
    per_minute = 60 * arguments.pictures
    rates = f"one {per_minute / single:.0f} pictures a minute, {len(addresses)} {per_minute / several:.0f}"
    print(f"{kind} servers: {rates}: {single / several:.2f} times")
    print(f"  client's memory {most:.0f} MB, with {arguments.few} pictures {least:.0f} MB: {most / least:.2f} times")


def batch(
    folder: Path, contents: str, addresses: Sequence[str], arguments: argparse.Namespace, output: Path
) -> tuple[float, float]:
    """Seconds, and the highest resident memory of the client in MB."""
    servers = [word for address in addresses for word in ("--server", address)]
    command = [sys.executable, "-m", "nst_client", "batch", "-c", folder / contents, "-s", folder / "style.png",
               "-o", output, "--size", 0, "--iterations", arguments.iterations, "--quiet", *servers]  # fmt: skip
    start = time.perf_counter()
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL)
    highest = 0.0
    while process.poll() is None:
        highest = max(highest, high_water(process.pid))
        time.sleep(0.02)
    assert process.returncode == 0
    return time.perf_counter() - start, highest


def high_water(pid: int) -> float:
    """MB. Not the ru_maxrss of wait4: that begins with what this very process held when it forked."""
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(encoding="utf-8"))
    except OSError:  # it has just ended
        return 0.0
    return int(found[1]) / 1024 if found else 0.0


def draw(folder: Path, many: int, few: int, side: int) -> None:
    from nst_client import Picture, write_picture
    from tests.conftest import picture

    write_picture(folder / "style.png", Picture(picture(side, side, 10_000)))
    for name, count in (("many", many), ("few", few)):
        (folder / name).mkdir()
        for index in range(count):
            write_picture(folder / name / f"{index:04}.png", Picture(picture(side, side, index)))


@contextlib.contextmanager
def computing(folder: Path) -> Iterator[list[str]]:
    from nst_export.export import export_version

    export_version(folder / "nst", weights="random:0", width_divisor=16)
    command = [sys.executable, "-m", "nst_client", "serve", str(folder / "nst"), "--port", "0"]
    with processes(command) as running:
        yield [process.stdout.readline().split(" at ")[1].split()[0] for process in running]


@contextlib.contextmanager
def waiting() -> Iterator[list[str]]:
    command = [sys.executable, "-m", "tests.benchmarks.waiting_server", str(SECONDS_PER_ITERATION)]
    with processes(command) as running:
        yield [process.stdout.readline().strip() for process in running]


@contextlib.contextmanager
def processes(command: Sequence[str]) -> Iterator[list[subprocess.Popen[str]]]:
    running = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(SERVERS)
    ]
    try:
        yield running
    finally:
        for process in running:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()
