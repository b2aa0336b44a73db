"""What it costs to split a run into calls: state, transport and targets, as a ratio to one call.

    python -m tests.benchmarks.split_overhead [--side 512] [--iterations 50] [--chunk 25] [--rounds 5]

The embedded server runs the full VGG19 in a process of its own; rounds are interleaved. Both ways give the same
bits, which is checked. The last two lines show where the rest goes: the marginal time of an iteration, from the
one-call runs, and what a call of the split run takes beyond its iterations.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from nst_client import StyleClient
from nst_client.calls.run import Patience
from nst_client.demo.server import embedded_server
from tests.conftest import picture


class FixedChunk:
    """In place of a chunk size that learns."""

    def __init__(self, chunk: int) -> None:
        self.chunk = chunk

    def iterations(self, pixels: int, state_bytes: int = 0) -> int:
        return self.chunk

    def learn(self, pixels: int, iterations: int, seconds: float) -> None:
        pass


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--side", type=int, default=512)
    options.add_argument("--iterations", type=int, default=50)
    options.add_argument("--chunk", type=int, default=25)
    options.add_argument("--rounds", type=int, default=5)
    compare(options.parse_args())


def compare(arguments: argparse.Namespace) -> None:
    from nst_export.export import export_version

    content, style = picture(arguments.side, arguments.side, 1), picture(arguments.side, arguments.side, 2)
    with tempfile.TemporaryDirectory() as folder:
        version_dir = export_version(Path(folder) / "nst", weights="random:0")
        with embedded_server(version_dir.parent) as server, StyleClient(server.address) as client:

            def one_call(iterations: int = arguments.iterations) -> np.ndarray:
                return client.stylize(content, style, iterations=iterations).image

            def split() -> np.ndarray:
                chunk_size, patience = FixedChunk(arguments.chunk), Patience()
                *_, last = client.watch(
                    content, style, iterations=arguments.iterations, chunk_size=chunk_size, patience=patience
                )
                return last.image

            one_call(2)  # the warm-up
            times = []
            for _ in range(arguments.rounds):
                (whole, at_once), (in_calls, split_image) = timed(one_call), timed(split)
                assert np.array_equal(at_once, split_image)
                times.append((whole, in_calls, timed(lambda: one_call(1))[0]))
    report(arguments, times)


def report(arguments: argparse.Namespace, times: list[tuple[float, float, float]]) -> None:
    """Prints medians, and the median ratio within a round."""
    whole, split, single = (statistics.median(column) for column in zip(*times, strict=True))
    ratio = statistics.median(in_calls / at_once for at_once, in_calls, _ in times)
    calls = -(-arguments.iterations // arguments.chunk)
    iteration = (whole - single) / (arguments.iterations - 1)
    print(f"{arguments.side} x {arguments.side}, {arguments.iterations} iterations, medians of {len(times)} rounds")
    print(f"one call {whole:.2f} s, {calls} calls of {arguments.chunk} {split:.2f} s, ratio {ratio:.3f}")
    beyond = (split - arguments.iterations * iteration) / calls
    print(f"an iteration {iteration:.3f} s; a call beyond its iterations {beyond:.3f} s")


def timed(function: Callable[[], np.ndarray]) -> tuple[float, np.ndarray]:
    start = time.perf_counter()
    image = function()
    return time.perf_counter() - start, image


if __name__ == "__main__":
    main()
