"""What the way over gRPC costs, as a ratio to the same session run in process.

    python -m tests.benchmarks.rpc_overhead [--side 256] [--iterations 50] [--rounds 5]

The embedded server runs in a process of its own, as does the session; rounds are interleaved.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from tests.conftest import picture


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--side", type=int, default=256)
    options.add_argument("--iterations", type=int, default=50)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--session", type=Path)
    arguments = options.parse_args()
    if arguments.session:
        run_session(arguments.session, arguments.side, arguments.iterations)
    else:
        compare(arguments.side, arguments.iterations, arguments.rounds)


def compare(side: int, iterations: int, rounds: int) -> None:
    """Prints medians and the median ratio within a round."""
    from nst_client import StyleClient
    from nst_export.export import export_version

    with tempfile.TemporaryDirectory() as folder:
        version_dir = export_version(Path(folder) / "nst", weights="random:0")
        session = _process("tests.benchmarks.rpc_overhead", "--session", version_dir, "--side", side,
                           "--iterations", iterations)  # fmt: skip
        server = _process("nst_client", "serve", version_dir.parent, "--port", 0)
        address = server.stdout.readline().split(" at ")[1].split()[0]
        content, style = picture(side, side, 1), picture(side, side, 2)
        times: list[tuple[float, float]] = []
        with StyleClient(address) as client:
            for _ in range(rounds + 1):
                start = time.perf_counter()
                client.stylize(content, style, iterations=iterations)
                served = time.perf_counter() - start
                print("go", file=session.stdin, flush=True)
                times.append((served, float(session.stdout.readline())))
        session.stdin.close()
        session.wait()
        server.terminate()
        server.wait()
    served, alone = (statistics.median(column) for column in zip(*times[1:], strict=True))
    ratio = statistics.median(over / within for over, within in times[1:])
    print(f"{side} x {side}, {iterations} iterations, medians of {rounds} rounds")
    print(f"served {served:.2f} s, session in process {alone:.2f} s, ratio {ratio:.3f}")


def _process(module: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", module, *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def run_session(version_dir: Path, side: int, iterations: int) -> None:
    """Times one run for each line on standard input."""
    import tensorflow as tf

    from nst_export.saved_model.session import Model

    model = Model(version_dir, inter_op_threads=5)
    signature = model.signatures["serving_default"]
    values = {alias: tf.make_ndarray(proto) for alias, proto in signature.defaults.items()}
    values |= {"content": picture(side, side, 1), "style": picture(side, side, 2), "iterations": np.int32(iterations)}
    feeds = {signature.inputs[alias].name: value for alias, value in values.items()}
    fetches = [info.name for info in signature.outputs.values()]
    for _ in sys.stdin:
        start = time.perf_counter()
        model.run(feeds, fetches)
        print(time.perf_counter() - start, flush=True)


if __name__ == "__main__":
    main()
