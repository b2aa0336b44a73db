"""What holds for every preset, precision and pair of sizes."""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import numpy as np
import pytest
import tensorflow as tf

from nst_graph.presets import PRESETS
from nst_graph.style_transfer import StyleTransfer
from tests.conftest import picture
from tests.exports import LIMITS
from tests.nst_graph.conftest import tiny_network


class Case(NamedTuple):
    """A model and two pictures, height by width."""

    preset: str
    precision: str
    content: tuple[int, int]
    style: tuple[int, int]

    def __str__(self) -> str:
        (height, width), (style_height, style_width) = self.content, self.style
        return f"{self.preset}-{self.precision}-{height}x{width}-{style_height}x{style_width}"


SIZES = (((32, 32), (32, 32)), ((33, 97), (128, 32)), ((64, 48), (51, 77)))  # smallest; odd; multiples of 16
PRECISIONS = ("float32", "bfloat16", "float16")
CASES = [
    pytest.param(Case(name, precision, *SIZES[i % 3]), marks=() if precision == "float32" else pytest.mark.slow)
    for i, (name, precision) in enumerate(product(PRESETS, PRECISIONS))
]
ITERATIONS = 4

INIT = {"init": "content"}


class Result(NamedTuple):
    """A run of a case."""

    case: Case
    module: StyleTransfer
    pictures: tuple[np.ndarray, np.ndarray]
    image: np.ndarray
    losses: np.ndarray


@pytest.fixture(scope="module")
def modules(module) -> dict[str, StyleTransfer]:
    """By precision. A module's first calls take many seconds."""
    halves = {
        precision: StyleTransfer(tiny_network(precision=precision), PRESETS, limits=LIMITS)
        for precision in PRECISIONS[1:]
    }
    return {"float32": module, **halves}


@pytest.fixture(scope="module", params=CASES, ids=str)
def result(request, modules) -> Result:
    case = request.param
    pictures = picture(*case.content, seed=1), picture(*case.style, seed=2)
    module = modules[case.precision]
    outputs = module.stylize(*pictures, ITERATIONS, preset=case.preset, **INIT)
    return Result(case, module, pictures, outputs["image"].numpy(), outputs["losses"].numpy())


def test_the_picture_has_the_contents_size_and_is_another_one(result):
    content, _ = result.pictures
    assert (result.image.shape, result.image.dtype) == (content.shape, np.uint8)
    assert (result.image != content).any()


def test_losses_are_finite_not_negative_and_add_up(result):
    assert result.losses.shape == (ITERATIONS, 4)
    assert np.isfinite(result.losses).all()
    assert (result.losses >= 0).all()
    np.testing.assert_allclose(result.losses[:, 0], result.losses[:, 1:].sum(axis=1), rtol=1e-5)


def test_the_first_picture_is_the_content_which_is_no_content_loss(result):
    assert result.losses[0, 1] == 0
    assert (result.losses[1:, 1] >= 0).all()  # the first step of lbfgs may be too short for half precision to see
    assert result.losses[-1, 1] > 0


def test_a_split_run_gives_the_bits_of_one_call(result):
    options = {"preset": result.case.preset, **INIT}
    state, losses = result.module.stylize_start(*result.pictures, **options)["state_bytes"], []
    for count in (1, ITERATIONS - 1):
        outputs = result.module.stylize_step(*result.pictures, state, count, **options)
        state = outputs["state_bytes"]
        losses.append(outputs["losses"])
    np.testing.assert_array_equal(outputs["image"], result.image)
    np.testing.assert_array_equal(tf.concat(losses, axis=0), result.losses)


def test_the_yardstick_finds_errors_in_the_result_and_none_of_content_in_the_content(result):
    content, style = result.pictures
    errors = result.module.evaluate(content, style, result.image)
    assert np.isfinite(errors["style_errors"]).all()
    assert 0 < errors["content_error"] < float("inf")
    itself = result.module.evaluate(content, style, content)
    assert itself["content_error"] == 0
