"""An export in the hands of other TensorFlow code: what `tf.saved_model.load` gives back."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from nst_graph.options import OPTIONS
from nst_graph.signatures import SIGNATURES
from tests.conftest import picture


@pytest.fixture(scope="module")
def model(tiny_model_dir):
    return tf.saved_model.load(str(tiny_model_dir / "1"))


@pytest.fixture
def floats(content, style):
    """A content, a style and an image: float32[height, width, 3] each."""
    return [tf.constant(each, tf.float32) for each in (content, style, picture(48, 64, seed=3))]


def test_its_help_names_every_function_and_every_option(model):
    words = model.help().numpy().decode()
    for row in SIGNATURES:
        assert f"{row.name}({', '.join(row.inputs)}" in words
    for option in OPTIONS:
        assert f"{option.name}: {option.dtype}[" in words
        assert option.meaning in words


def test_evaluate_gives_the_same_for_pixels_and_for_floats(model, floats):
    of_floats = model.evaluate(*floats)
    for name, value in model.evaluate(*(tf.cast(each, tf.uint8) for each in floats)).items():
        np.testing.assert_array_equal(value, of_floats[name])


def test_the_gradient_of_evaluate_is_that_of_finite_differences(model, floats):
    *targets, image = floats

    def loss(image: tf.Tensor) -> tf.Tensor:
        errors = model.evaluate(*targets, image)
        return tf.reduce_mean(errors["style_errors"]) + errors["content_error"] + errors["total_variation"]

    with tf.GradientTape() as tape:
        tape.watch(image)
        value = loss(image)
    gradient = tape.gradient(value, image)
    steepness = tf.norm(gradient)
    change = 0.1 * gradient / steepness  # 0.1 long: small beside what bends the loss, large beside its rounding
    slope = (loss(image + change) - loss(image - change)) / 0.2
    np.testing.assert_allclose(slope, steepness, rtol=0.02)


def test_the_gradient_of_evaluate_takes_no_gradient_of_weights(model, floats):
    """They are the largest tensors, and TensorFlow's gradient of a loaded function has each variable's."""
    *targets, image = floats
    with tf.GradientTape() as tape:
        tape.watch(image)
        for variable in model.network_weights:
            tape.watch(variable)
        error = model.evaluate(*targets, image)["content_error"]
    gradients = tape.gradient(error, [image, *targets, *model.network_weights])
    assert [gradient is None for gradient in gradients] == [False, *[True] * (len(gradients) - 1)]


@pytest.mark.parametrize("wrong", ["size", "height"])
def test_evaluate_refuses_floats_as_it_refuses_pixels(model, floats, wrong):
    content, style, image = floats
    image = image[:-1] if wrong == "size" else image[:20]
    rule = "must have the height and width of content, 48 x 64, got 47 x 64"
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"image: {rule if wrong == 'size' else 'height'}"):
        model.evaluate(content, style, image)
