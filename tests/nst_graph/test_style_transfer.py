"""The functions of the contract, called as Python; tests/export does the same through the SavedModel."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tensorflow as tf

from nst_graph.options import MAX_WEIGHT
from tests.conftest import picture
from tests.exports import LIMITS
from tests.unset_options import unset_options

SIDE_RULE = "content: height and width must be at least 32 and at most 16384 pixels together, got {}"
COUNT_RULE = "iterations: must be a whole number from 1 to 100000, got {}"
WEIGHT_RULE = "{}: must be a number from 0 to 1e\\+12, got {}"


def stylize(module, content, style, iterations=1, **numbers):
    """Past Python's own checks of rank and shape, as a session feeds a graph."""
    function = module.stylize.get_concrete_function()
    options = unset_options() | {name: tf.constant(value, tf.float32) for name, value in numbers.items()}
    return function(
        content=tf.constant(content), style=tf.constant(style), iterations=tf.constant(iterations), **options
    )


def test_the_result_has_the_contents_size_whatever_the_styles(module, content, style):
    result = module.stylize(content, style, 2)
    assert result["image"].shape == content.shape
    assert result["image"].dtype == tf.uint8
    assert result["losses"].shape == [2, 4]


def test_the_same_call_gives_the_same_bits(module, content, style):
    first, second = (module.stylize(content, style, 3) for _ in range(2))
    np.testing.assert_array_equal(first["image"], second["image"])
    np.testing.assert_array_equal(first["losses"], second["losses"])


def test_the_total_loss_falls(module, content, style, preset):
    losses = module.stylize(content, style, 40, preset=preset)["losses"].numpy()
    assert losses[-1, 0] < losses[0, 0] / 2


def test_a_run_writes_no_variable(module, content, style):
    before = [weight.numpy() for weight in module.variables]
    module.stylize(content, style, 2)
    for weight, value in zip(module.variables, before, strict=True):
        np.testing.assert_array_equal(weight, value)


def test_describe_returns_the_model_card(module):
    assert json.loads(module.describe()["model_card"].numpy()) == {"name": "tiny"}


@pytest.mark.parametrize("shape", [(), (3,), (48, 64), (1, 48, 64, 3), (48, 64, 1), (48, 64, 4)], ids=str)
@pytest.mark.parametrize("name", ["content", "style"])
def test_a_picture_of_the_wrong_rank_or_depth_is_refused(module, content, shape, name):
    pictures = {"content": content, "style": content} | {name: np.zeros(shape, np.uint8)}
    with pytest.raises(tf.errors.InvalidArgumentError, match="is not compatible with expected shape"):
        stylize(module, **pictures)


@pytest.mark.parametrize("shape", [(1, 1, 3), (31, 64, 3), (64, 31, 3), (0, 64, 3), (64, 0, 3), (129, 128, 3)], ids=str)
def test_a_picture_too_small_or_too_large_is_refused(module, style, shape):
    rule = SIDE_RULE.format(f"{shape[0]} x {shape[1]}")
    with pytest.raises(tf.errors.InvalidArgumentError, match=rule):
        stylize(module, np.zeros(shape, np.uint8), style)


def test_pictures_at_the_limits_are_accepted(module):
    for shape in [(32, 32, 3), (128, 128, 3)]:
        black = np.zeros(shape, np.uint8)
        assert stylize(module, black, black)["image"].shape == shape


@pytest.mark.parametrize("iterations", [0, -1, LIMITS.max_iterations + 1, 2**31 - 1, -(2**31)])
def test_a_number_of_iterations_outside_the_limits_is_refused(module, content, style, iterations):
    with pytest.raises(tf.errors.InvalidArgumentError, match=COUNT_RULE.format(iterations)):
        stylize(module, content, style, iterations)


def test_the_number_of_iterations_must_be_a_scalar(module, content, style):
    with pytest.raises(tf.errors.InvalidArgumentError, match="is not compatible with expected shape"):
        stylize(module, content, style, [1])


@pytest.mark.parametrize("name", ["content_weight", "style_weight", "tv_weight"])
@pytest.mark.parametrize(("value", "shown"), [(np.nan, "nan"), (np.inf, "inf"), (-2.0, "-2"), (2e12, "2e\\+12")])
def test_a_weight_that_is_no_sensible_number_is_refused(module, content, style, name, value, shown):
    with pytest.raises(tf.errors.InvalidArgumentError, match=WEIGHT_RULE.format(name, shown)):
        stylize(module, content, style, **{name: value})


@pytest.mark.parametrize("value", [np.nan, np.inf, -2.0, 0.0, 256.0])
def test_a_learning_rate_that_is_no_sensible_number_is_refused(module, content, style, value):
    with pytest.raises(tf.errors.InvalidArgumentError, match="learning_rate: must be a number above 0 and up to 255"):
        stylize(module, content, style, learning_rate=value)


def test_the_largest_weights_still_give_finite_losses(module, content, style):
    largest = dict.fromkeys(("content_weight", "style_weight", "tv_weight"), MAX_WEIGHT)
    assert np.isfinite(stylize(module, content, style, 5, **largest)["losses"]).all()


def test_pictures_without_any_structure_give_finite_losses(module):
    for level in (0, 255):
        plain = np.full((32, 32, 3), level, np.uint8)
        assert np.isfinite(module.stylize(plain, picture(40, 40), 5)["losses"]).all()
        assert np.isfinite(module.stylize(picture(40, 40), plain, 5)["losses"]).all()


def test_evaluate_finds_a_picture_equal_to_itself(module, content):
    errors = module.evaluate(content, content, content)
    np.testing.assert_allclose(errors["style_errors"], 0, atol=1e-9)
    assert errors["content_error"].numpy() == 0


def test_evaluate_refuses_a_picture_of_another_size(module, content, style):
    with pytest.raises(
        tf.errors.InvalidArgumentError, match="image: must have the height and width of content, 48 x 64"
    ):
        module.evaluate(content, style, style)
