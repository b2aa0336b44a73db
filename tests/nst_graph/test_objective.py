"""The loss and its gradient, for every preset."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from nst_graph.canvas import Canvas
from nst_graph.objective import Losses, Objective, gradient_scale
from nst_graph.presets import PRESETS
from nst_graph.recipe import Recipe, resolved
from nst_graph.regions import Regions
from nst_graph.styles import Styles
from nst_graph.traversal import Traversal, TraversalState
from tests.exports import LIMITS
from tests.nst_graph.conftest import tiny_network
from tests.unset_options import unset_options

WEIGHTS = ("content_weight", "style_weight", "tv_weight")


def floats(picture: np.ndarray) -> tf.Tensor:
    return tf.constant(picture, tf.float32)


def recipe_of(preset: str, content: np.ndarray, **numbers: float) -> Recipe:
    options = unset_options()
    options |= {name: tf.constant(value, options[name].dtype) for name, value in numbers.items()}
    options["preset"] = tf.constant(preset)
    content = tf.constant(content)
    return Recipe(PRESETS, resolved(options, PRESETS, content, content, LIMITS))


class Seen:
    """A content and one style, without a mask, and what was seen of both."""

    def __init__(self, objective: Objective, content: tf.Tensor, style: tf.Tensor, recipe: Recipe, pixels: int = 2**22):
        regions = Regions(recipe.options, Styles(style, recipe.options))
        self._traversal = Traversal(objective, regions, tf.constant(1), recipe, pixels)
        seen = self._traversal.begin(Canvas(content, tf.ones([1, 1, 1]), tf.constant(0)))
        for _ in range(2):
            while not int(self._traversal.complete(seen)):
                seen, _ = self._traversal.visit(content, seen)
            seen = self._traversal.next_picture(seen, lambda _: style)
        self._seen: TraversalState = seen

    def losses_and_gradient(self, image: tf.Tensor) -> tuple[Losses, tf.Tensor]:
        seen, known = self._traversal.visit(image, self._seen)
        while not known:
            seen, known = self._traversal.visit(image, seen)
        return self._traversal.losses(image, seen)

    def losses(self, image: tf.Tensor) -> Losses:
        return self.losses_and_gradient(image)[0]


def objective_on(network: keras.Model, preset: str) -> Objective:
    return Objective(network, list(PRESETS[preset].content_layers))


@pytest.fixture(scope="module")
def smooth_network() -> keras.Model:
    """Average pooling has no kinks."""
    return tiny_network(pooling="average")


def total_and_gradient(seen: Seen, image: tf.Tensor, recipe: Recipe) -> tuple[float, np.ndarray]:
    losses, gradient = seen.losses_and_gradient(image)
    scale = gradient_scale(tf.shape(image)[:2], recipe)
    return float(losses.total), (gradient / scale).numpy().astype(np.float64)


def test_gradient_of_the_total_matches_finite_differences(smooth_network, preset, content, style):
    """Along several random directions, by central differences of a float32 loss."""
    objective, recipe = objective_on(smooth_network, preset), recipe_of(preset, content)
    seen = Seen(objective, floats(content), floats(style), recipe)
    generator = np.random.default_rng(0)
    image = floats(content * 0.8 + 20 + generator.normal(0, 5, content.shape))  # away from the content's own zero
    _, gradient = total_and_gradient(seen, image, recipe)
    step = 0.003  # of 255 levels: small against the kinks of ReLU, large against the rounding of float32
    signs = np.sign(gradient)
    for direction in (signs, *generator.choice([-1.0, 1.0], (3, *content.shape))):
        mixed = (direction + signs) / 2  # keeps the difference well above float32's noise
        plus, minus = (total_and_gradient(seen, image + sign * step * floats(mixed), recipe)[0] for sign in (1, -1))
        assert (plus - minus) / (2 * step) == pytest.approx(np.vdot(gradient, mixed), rel=0.02)


def test_style_equal_to_content_gives_zero_losses_at_the_start(network, preset, content):
    objective, recipe = objective_on(network, preset), recipe_of(preset, content)
    image = floats(content)
    losses = Seen(objective, image, image, recipe).losses(image)
    other = Seen(objective, image, 255 - image, recipe).losses(image)
    assert losses.content == 0
    assert abs(losses.style) <= 1e-3 * other.style  # roots of matrices are iterated


def test_each_weight_scales_its_own_loss(network, preset, content, style):
    objective = objective_on(network, preset)
    image = floats(content[:, ::-1].copy())

    def losses(*weights: float) -> Losses:
        recipe = recipe_of(preset, content, **dict(zip(WEIGHTS, weights, strict=True)))
        return Seen(objective, floats(content), floats(style), recipe).losses(image)

    single, scaled = losses(1.0, 1.0, 1.0), losses(2.0, 3.0, 4.0)
    factors = np.array(scaled[1:]) / np.array(single[1:])
    np.testing.assert_allclose(factors, [2, 3, 4], rtol=1e-5)
    assert float(scaled.total) == pytest.approx(sum(float(loss) for loss in scaled[1:]), rel=1e-6)


def test_losses_of_the_default_preset_do_not_depend_on_the_scale_of_features(content, style):
    """Relative errors have no unit, so one set of weights serves every network."""
    recipe = recipe_of("nst", content)
    losses = []
    for scale in (1.0, 10.0):
        network = tiny_network()
        for layer in network.layers:
            if layer.weights:
                kernel, bias = layer.get_weights()
                layer.set_weights([kernel * (scale if layer.name == "block1_conv1" else 1), bias * scale])
        objective = objective_on(network, "nst")
        seen = Seen(objective, floats(content), floats(style), recipe)
        losses.append(seen.losses(floats(content[:, ::-1].copy())))
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-3)
