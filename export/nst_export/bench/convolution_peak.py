"""How fast this machine convolves: the best rate of any 3 x 3 convolution in the shapes of VGG19's layers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf

from nst_export.toolkit.cost import FLOPS_PER_MULTIPLY_ADD
from nst_graph.vgg19 import BLOCKS

COLOURS = 3


def prepare(folder: str, size: int, precision: str, *, channels_last: bool) -> Callable[[int], float]:
    """Makes the layers' inputs and filters; see `worker`. What is run are repeats, and the best rate is returned."""
    del folder, channels_last
    layers = list(dict.fromkeys(layers_of(size)))

    def run(repeats: int) -> float:
        return max(rate(*layer, precision, repeats) for layer in layers)

    return run


def layers_of(size: int) -> Iterator[tuple[int, int, int]]:
    """Side in pixels, channels in and channels out of each convolution."""
    channels = COLOURS
    for block, (depth, filters) in enumerate(BLOCKS):
        for _ in range(depth):
            yield max(1, size >> block), channels, filters
            channels = filters


def rate(side: int, channels_in: int, channels_out: int, precision: str, repeats: int) -> float:
    """Floating-point operations in a second of the fastest of `repeats`, after one that warms up."""
    features = tf.cast(tf.random.uniform([1, side, side, channels_in], seed=1), precision)
    kernel = tf.cast(tf.random.uniform([3, 3, channels_in, channels_out], -0.1, 0.1, seed=2), precision)
    convolve(features, kernel).numpy()
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        convolve(features, kernel).numpy()
        times.append(time.perf_counter() - begin)
    return FLOPS_PER_MULTIPLY_ADD * 9.0 * channels_in * channels_out * side * side / min(times)


@tf.function(reduce_retracing=True, autograph=False)
def convolve(features: Any, kernel: Any) -> Any:
    """One number of the result: fetching all of it is no convolution."""
    return tf.nn.conv2d(features, kernel, strides=1, padding="SAME")[0, 0, 0, 0]
