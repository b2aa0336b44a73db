"""How far the picture of L-BFGS comes from that of PyTorch's own, on the function of its tests.

    python -m tests.benchmarks.lbfgs_iterates [--iterations 20]

Needs PyTorch (`make torch`). A line for each history: the largest difference of a pixel, relative to its value, in
any iteration. What the loop keeps in bfloat16 is kept in float32 here, as PyTorch keeps it.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np
import tensorflow as tf
import torch

from tests.nst_graph.test_lbfgs import CURVATURES, START, iterates

HISTORIES = (1, 5, 10, 100)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--iterations", type=int, default=20)
    count = options.parse_args().iterations
    print(f"PyTorch {torch.__version__}, {count} iterations")
    for history in HISTORIES:
        pairs = zip(iterates(history, tf.float32, count), iterates_of_pytorch(history, count), strict=True)
        print(f"history {history:3}: {max(np.max(np.abs(ours / theirs - 1)) for ours, theirs in pairs):.1e}")


def iterates_of_pytorch(history: int, count: int) -> Iterator[np.ndarray]:
    """The picture after each of `count` steps on `tests.nst_graph.test_lbfgs.quartic`."""
    image = torch.tensor(START, dtype=torch.float32, requires_grad=True)
    curvatures = torch.tensor(CURVATURES, dtype=torch.float32)
    optimiser = torch.optim.LBFGS([image], max_iter=1, history_size=history)

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        shifted = (image - 120.0) / 10
        loss = (curvatures * shifted**2 + 0.01 * shifted**4).sum() + shifted.mean() ** 2
        loss.backward()
        return loss

    for _ in range(count):
        optimiser.step(closure)
        yield image.detach().numpy().copy()


if __name__ == "__main__":
    main()
