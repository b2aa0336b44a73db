"""What one iteration costs, as ratios measured side by side.

    python -m tests.benchmarks.iteration_cost [--side 256] [--iterations 12] [--rounds 5]

One process a row, so that none inherits another's threads or caches; rounds are interleaved, so that a
machine that slows down slows all rows. The cost is the marginal one, (time of 1 + N iterations - time
of 1) / N, because targets are computed once a call. Rows run the recipe `eager` on the full VGG19.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

ROWS = {
    "eager GradientTape loop": ("eager", "float32"),
    "graph float32": ("graph", "float32"),
    "graph bfloat16": ("graph", "bfloat16"),
}


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--side", type=int, default=256)
    options.add_argument("--iterations", type=int, default=12)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--row", nargs=2)
    arguments = options.parse_args()
    if arguments.row:
        serve_row(*arguments.row, side=arguments.side, iterations=arguments.iterations)
    else:
        compare(arguments.side, arguments.iterations, arguments.rounds)


def compare(side: int, iterations: int, rounds: int) -> None:
    """Prints the table: medians over rounds, and medians of the ratios within a round."""
    sizes = ["--side", str(side), "--iterations", str(iterations)]
    processes = {
        name: subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.iteration_cost", *sizes, "--row", *row],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name, row in ROWS.items()
    }
    seconds: dict[str, list[float]] = {name: [] for name in ROWS}
    for _ in range(rounds + 1):
        for name, process in processes.items():
            print("go", file=process.stdin, flush=True)
            seconds[name].append(float(process.stdout.readline()))
    for process in processes.values():
        process.stdin.close()
        process.wait()
    print(f"{side} x {side}, full VGG19, {os.cpu_count()} cores, medians of {rounds} rounds")
    print(f"{'':26}{'ms/iteration':>14}{'eager / row':>14}{'float32 / row':>15}")
    for name, times in seconds.items():
        eager, float32 = (ratio(seconds[other], times) for other in ("eager GradientTape loop", "graph float32"))
        print(f"{name:26}{1000 * statistics.median(times[1:]):14.1f}{eager:14.2f}{float32:15.2f}")


def ratio(others: list[float], times: list[float]) -> float:
    return statistics.median(other / mine for other, mine in zip(others[1:], times[1:], strict=True))


def serve_row(kind: str, precision: str, *, side: int, iterations: int) -> None:
    """Measures once for each line on standard input; the first is the warm-up that `compare` drops."""
    run = (eager_row if kind == "eager" else graph_row)(precision, side)
    for _ in sys.stdin:
        print((timed(run, 1 + iterations) - timed(run, 1)) / iterations, flush=True)


def timed(run: Callable[[int], None], iterations: int) -> float:
    start = time.perf_counter()
    run(iterations)
    return time.perf_counter() - start


def eager_row(precision: str, side: int) -> Callable[[int], None]:
    import keras

    from tests.conftest import picture
    from tests.nst_graph.eager_reference import eager_style_transfer

    assert precision == "float32"
    vgg = keras.applications.VGG19(include_top=False, weights=None)
    content, style = picture(side, side, 1), picture(side, side, 2)
    return lambda iterations: eager_style_transfer(vgg, content, style, iterations)


def graph_row(precision: str, side: int) -> Callable[[int], None]:
    from nst_graph.presets import PRESETS
    from nst_graph.style_transfer import StyleTransfer, network_for
    from tests.conftest import picture

    presets = {"eager": PRESETS["eager"]}
    module = StyleTransfer(network_for(presets, pooling="max", precision=precision), presets)
    content, style = picture(side, side, 1), picture(side, side, 2)
    return lambda iterations: module.stylize(content, style, iterations)["losses"].numpy()


if __name__ == "__main__":
    main()
