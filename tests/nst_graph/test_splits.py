"""A run split anywhere gives the bits of one call, whatever its options; test_properties.py has all precisions."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
import tensorflow as tf

from nst_graph.execution import Execution
from nst_graph.presets import PRESETS
from nst_graph.style_transfer import StyleTransfer
from tests.conftest import picture
from tests.exports import LIMITS

OPTIONS = {
    "nst": {"preset": "nst"},
    "crowson": {"preset": "crowson", "sizes": [33, 48], "level_iterations": [7, 5]},
    "gatys at three sizes": {"preset": "gatys", "sizes": [36, 42, 48], "level_iterations": [3, 4, 5]},
    "jcjohnson": {"preset": "jcjohnson", "seed": 7, "history": 3},
    "keras at two sizes": {"preset": "keras", "sizes": [36, 48], "level_iterations": [6, 6]},
    "best of adam": {"preset": "tensorflow", "keep": "best", "sizes": [36, 48], "level_iterations": [6, 6]},
    "best of lbfgs": {"optimizer": "lbfgs", "keep": "best", "history": 2},
    "average of sgd": {"optimizer": "sgd", "average": 0.9, "learning_rate": 2.0, "init": "style"},
    "moments": {"preset": "eager", "style_loss": "moments", "init": "noise"},
    "wasserstein": {"style_loss": "wasserstein-relative", "style_layer_weights": [1.0, 0.0, 2.0, 0.5, 0.1]},
}


class Run(NamedTuple):
    """Two pictures of random sizes, and how a run of them is split."""

    pictures: tuple[np.ndarray, ...]
    splits: list[int]  # iterations of each call


def random_run(seed: int, total: int = 12) -> Run:
    generator = np.random.default_rng(seed)
    contents = 48, int(generator.integers(44, 49))  # the longest side is that of the plans above
    pictures = picture(*contents, seed=seed), picture(*generator.integers(32, 80, 2), seed=seed + 1)
    splits = []
    while sum(splits) < total:
        splits.append(int(generator.integers(1, total - sum(splits) + 1)))
    return Run(pictures, splits)


def assert_splits_change_no_bit(module: StyleTransfer, run: Run, suffix: str = "", **options) -> None:
    """`suffix`: of the signatures that XLA compiles."""
    stylize, step = getattr(module, f"stylize{suffix}"), getattr(module, f"stylize_step{suffix}")
    whole = stylize(*run.pictures, sum(run.splits), **options)
    assert np.isfinite(whole["losses"]).all()
    state, losses = module.stylize_start(*run.pictures, **options)["state_bytes"], []
    for count in run.splits:
        result = step(*run.pictures, state, count, **options)
        state = result["state_bytes"]
        losses.append(result["losses"])
    np.testing.assert_array_equal(result["image"], whole["image"])
    np.testing.assert_array_equal(tf.concat(losses, axis=0), whole["losses"])


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("case", OPTIONS)
def test_any_split_of_any_run_gives_the_bits_of_one_call(module, case, seed):
    assert_splits_change_no_bit(module, random_run(seed), **OPTIONS[case])


@pytest.mark.parametrize("splits", [[7, 5], [6, 1, 5], [8, 4], [1] * 12], ids=str)
def test_so_does_a_split_at_the_boundary_of_a_size_and_beside_it(module, splits):
    assert_splits_change_no_bit(module, random_run(0)._replace(splits=splits), **OPTIONS["crowson"])


@pytest.mark.slow
def test_so_it_does_when_xla_compiles_the_iterations(network):
    module = StyleTransfer(network, PRESETS, limits=LIMITS, execution=Execution(xla=True))
    assert_splits_change_no_bit(module, random_run(8), "_xla", **OPTIONS["nst"])


@pytest.mark.parametrize(
    "change", [{"sizes": [36, 48]}, {"level_iterations": [7, 6]}, {"style_loss": "moments"}, {"seed": 1}]
)
def test_a_state_is_refused_with_another_plan_by_the_name_of_what_differs(module, change):
    pictures, options = random_run(0).pictures, OPTIONS["crowson"]
    state = module.stylize_start(*pictures, **options)["state_bytes"]
    state = module.stylize_step(*pictures, state, 9, **options)["state_bytes"]  # within the second size
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"a run with the same {next(iter(change))}, "):
        module.stylize_step(*pictures, state, 1, **{**options, **change})
