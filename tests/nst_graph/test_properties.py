"""What holds for every preset, precision and pair of sizes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
import tensorflow as tf

from nst_export.weights.random_weights import fill_with_random_weights
from nst_graph.presets import PRESETS
from nst_graph.style_transfer import StyleTransfer, network_for
from tests.conftest import picture
from tests.exports import LIMITS, WIDTH_DIVISOR


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
MODELS = (("nst", "float32"), ("nst", "bfloat16"), ("eager", "float32"), ("eager", "float16"))
CASES = [Case(*model, *sizes) for model in MODELS for sizes in SIZES]
ITERATIONS = 4

# The absolute weights of `eager` need trained features: at the unit scale of random ones they move no pixel.
OPTIONS = {"nst": {}, "eager": {"content_weight": 1e6, "style_weight": 1e6}}


class Result(NamedTuple):
    """A run of a case."""

    case: Case
    module: StyleTransfer
    pictures: tuple[np.ndarray, np.ndarray]
    image: np.ndarray
    losses: np.ndarray


@pytest.fixture(scope="module")
def modules() -> dict[tuple[str, str], StyleTransfer]:
    made = {}
    for name, precision in MODELS:
        network = network_for(PRESETS[name], precision=precision, width_divisor=WIDTH_DIVISOR)
        fill_with_random_weights(network, seed=0)
        made[name, precision] = StyleTransfer(network, PRESETS[name], limits=LIMITS)
    return made


@pytest.fixture(scope="module", params=CASES, ids=str)
def result(request, modules) -> Result:
    case = request.param
    pictures = picture(*case.content, seed=1), picture(*case.style, seed=2)
    module = modules[case.preset, case.precision]
    outputs = module.stylize(*pictures, ITERATIONS, **OPTIONS[case.preset])
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
    assert (result.losses[1:, 1] > 0).all()


def test_a_split_run_gives_the_bits_of_one_call(result):
    options = OPTIONS[result.case.preset]
    state, losses = result.module.stylize_start(*result.pictures, **options)["state_bytes"], []
    for count in (1, ITERATIONS - 1):
        outputs = result.module.stylize_step(*result.pictures, state, count, **options)
        state = outputs["state_bytes"]
        losses.append(outputs["losses"])
    np.testing.assert_array_equal(outputs["image"], result.image)
    np.testing.assert_array_equal(tf.concat(losses, axis=0), result.losses)


def test_the_yardstick_finds_the_result_nearer_to_the_content_than_the_style_is(result):
    content, style = result.pictures
    errors = result.module.evaluate(content, style, result.image)
    assert np.isfinite(errors["style_errors"]).all()
    assert 0 < errors["content_error"] < 1
    itself = result.module.evaluate(content, style, content)
    assert itself["content_error"] == 0
