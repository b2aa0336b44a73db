"""Each preset is its system's recipe: the losses of a run are those of the recipe written out plainly.

On a network with average pooling, where close values do not change places. Even so L-BFGS amplifies the rounding of
float32: its first step is so short that the gradient's change is no more than a hundred times that. So does Adam where
epsilon is small and the loss a difference of close traces. There the yardstick is what the reference itself makes of
a start whose pixels differ by one in a million.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from nst_graph.presets import PRESETS
from nst_graph.style_transfer import StyleTransfer
from tests.conftest import picture
from tests.exports import LIMITS
from tests.nst_graph.conftest import tiny_network
from tests.nst_graph.recipe_references import SYSTEMS, run

ITERATIONS = 20
STEADY = ("nst", "eager", "keras", "tensorflow")
TOUCHY = ("gatys", *(pytest.param(name, marks=pytest.mark.slow) for name in ("jcjohnson", "crowson")))
PICTURES = (picture(48, 64, seed=1), picture(64, 40, seed=2))  # as long as the content, which some scale it to
TOLERANCE = 1e-4  # relative


class Run(NamedTuple):
    """A run of a preset, by the graph and by the reference."""

    name: str
    image: np.ndarray
    losses: np.ndarray
    expected_image: np.ndarray
    expected: np.ndarray


@pytest.fixture(scope="module")
def smooth_network():
    return tiny_network(pooling="average")


@pytest.fixture(scope="module")
def smooth_module(smooth_network):
    return StyleTransfer(smooth_network, PRESETS, limits=LIMITS)


def both(name, network, module, init="content") -> Run:
    ours = module.stylize(*PICTURES, ITERATIONS, preset=name, init=init)
    image, losses = run(SYSTEMS[name], network, (*PICTURES, PICTURES[0]), ITERATIONS)
    return Run(name, ours["image"].numpy(), ours["losses"].numpy(), np.clip(image, 0, 255), losses)


def relative(losses: np.ndarray, expected: np.ndarray) -> np.ndarray:
    return np.abs(losses[:, 0] - expected[:, 0]) / expected[:, 0]


@pytest.fixture(scope="module", params=STEADY)
def steady(request, smooth_network, smooth_module) -> Run:
    return both(request.param, smooth_network, smooth_module)


def test_every_preset_has_a_reference():
    assert set(SYSTEMS) == set(PRESETS)


def test_losses_equal_the_references(steady):
    assert relative(steady.losses, steady.expected).max() < TOLERANCE
    np.testing.assert_allclose(steady.losses, steady.expected, rtol=TOLERANCE, atol=TOLERANCE * steady.expected[0, 0])


def test_the_run_changed_the_picture_and_the_loss(steady):
    assert np.abs(steady.expected_image - PICTURES[0]).mean() > 2
    assert steady.expected[-1, 0] < steady.expected[0, 0]


def test_the_picture_equals_the_references_but_for_rounding(steady):
    np.testing.assert_allclose(steady.image, steady.expected_image, atol=0.6)


@pytest.mark.parametrize("name", TOUCHY)
def test_losses_stay_as_near_as_a_start_that_differs_by_one_in_a_million(name, smooth_network, smooth_module):
    ours = both(name, smooth_network, smooth_module)
    error = relative(ours.losses, ours.expected)
    generator = np.random.default_rng(0)
    twins = []
    for _ in range(3):
        start = PICTURES[0] * (1 + 1e-6 * generator.standard_normal(PICTURES[0].shape))
        _, losses = run(SYSTEMS[name], smooth_network, (*PICTURES, start), ITERATIONS)
        twins.append(relative(losses, ours.expected))
    assert error[:2].max() < TOLERANCE  # before anything is made of a change of the gradient
    amplified = np.maximum.accumulate(np.max(twins, axis=0))
    assert (error <= np.maximum(TOLERANCE, 4 * amplified)).all()  # 4: a run is rounded in every iteration, a twin once
