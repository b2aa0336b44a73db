"""How fast this machine convolves: the best rate of 3 x 3 convolutions in the shapes of VGG19's layers.

Of the layers with as many channels out as in: one can follow another, and they are the fast ones.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf

from nst_export.bench import gpu
from nst_export.toolkit.cost import FLOPS_PER_MULTIPLY_ADD
from nst_graph.vgg19 import BLOCKS

# Of one request. To a GPU a request takes as long as a convolution or two.
IN_A_ROW = {"CPU": 1, "GPU": 50}

gpu_memory = gpu.gpu_memory  # see `worker`


def prepare(folder: str, size: int, precision: str, **others: object) -> Callable[[int], float]:
    """Makes the layers' inputs and filters; see `worker`. What is run are repeats, and the best rate is returned."""
    del folder, others
    in_a_row = IN_A_ROW["GPU" if gpu.gpu_name() else "CPU"]

    def run(repeats: int) -> float:
        return max(rate(*layer, precision, repeats, in_a_row) for layer in layers_of(size))

    return run


def layers_of(size: int) -> Iterator[tuple[int, int]]:
    """Side in pixels and channels, one for each block."""
    for block, (_, filters) in enumerate(BLOCKS):
        yield max(1, size >> block), filters


def rate(side: int, channels: int, precision: str, repeats: int, in_a_row: int) -> float:
    """Floating-point operations in a second of the fastest of `repeats`, after one that warms up."""
    deviation = (2 / (9 * channels)) ** 0.5  # that of He's initialisation: ReLU's features neither grow nor vanish
    features = tf.cast(tf.random.normal([1, side, side, channels], seed=1), precision)
    kernel = tf.cast(tf.random.normal([3, 3, channels, channels], stddev=deviation, seed=2), precision)
    convolve(features, kernel, in_a_row).numpy()
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        convolve(features, kernel, in_a_row).numpy()
        times.append(time.perf_counter() - begin)
    return FLOPS_PER_MULTIPLY_ADD * 9.0 * in_a_row * channels * channels * side * side / min(times)


@tf.function(reduce_retracing=True, autograph=False)
def convolve(features: Any, kernel: Any, in_a_row: int) -> Any:
    """One number of the last one's result: fetching all of it is no convolution."""
    for _ in range(in_a_row):
        features = tf.nn.relu(tf.nn.conv2d(features, kernel, strides=1, padding="SAME"))
    return features[0, 0, 0, 0]
