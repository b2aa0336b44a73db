"""A run split anywhere gives the bits of one call, whatever the network computes in."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
import tensorflow as tf

from nst_export.weights.random_weights import fill_with_random_weights
from nst_graph.execution import Execution
from nst_graph.style_transfer import StyleTransfer, network_for
from tests.conftest import picture
from tests.exports import LIMITS, WIDTH_DIVISOR


class Run(NamedTuple):
    """A random run: two pictures of any sizes, all numbers, and how it is split."""

    inputs: tuple[np.ndarray, ...]  # of stylize_start
    splits: list[int]  # iterations of each call


def random_run(seed: int) -> Run:
    generator = np.random.default_rng(seed)
    sizes = generator.integers(32, 80, (2, 2))
    pictures = [picture(*size, seed=seed + offset) for offset, size in enumerate(sizes)]
    numbers = [np.float32(value) for value in (*generator.uniform(0, 2, 3), generator.uniform(0.1, 30))]
    left, splits = int(generator.integers(1, 25)), []
    while left:
        splits.append(int(generator.integers(1, left + 1)))
        left -= splits[-1]
    return Run((*pictures, *numbers), splits)


def assert_splits_change_no_bit(module: StyleTransfer, run: Run, suffix: str = "") -> None:
    """`suffix`: of the signatures that XLA compiles."""
    stylize, step = getattr(module, f"stylize{suffix}"), getattr(module, f"stylize_step{suffix}")
    content, style, *numbers = run.inputs
    whole = stylize(content, style, sum(run.splits), *numbers)
    state, losses = module.stylize_start(content, style, *numbers)["state_bytes"], []
    for count in run.splits:
        result = step(content, style, state, count, *numbers)
        state = result["state_bytes"]
        losses.append(result["losses"])
    np.testing.assert_array_equal(result["image"], whole["image"])
    np.testing.assert_array_equal(tf.concat(losses, axis=0), whole["losses"])


@pytest.mark.parametrize("seed", range(6))
def test_any_split_of_any_run_gives_the_bits_of_one_call(module, seed):
    assert_splits_change_no_bit(module, random_run(seed))


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_so_it_does_in_half_precision(preset, precision):
    network = network_for(preset, precision=precision, width_divisor=WIDTH_DIVISOR)
    fill_with_random_weights(network, seed=0)
    module = StyleTransfer(network, preset, limits=LIMITS)
    for seed in (6, 7):
        assert_splits_change_no_bit(module, random_run(seed))


def test_so_it_does_when_xla_compiles_the_iterations(network, preset):
    module = StyleTransfer(network, preset, limits=LIMITS, execution=Execution(xla=True))
    assert_splits_change_no_bit(module, random_run(8), suffix="_xla")
