from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from nst_graph.objective import Objective


@pytest.fixture(scope="session")
def objective(network, preset):
    return Objective(network, preset)


@pytest.fixture(scope="session")
def weights(preset):
    numbers = {**preset.defaults, "tv_weight": max(preset.defaults["tv_weight"], 1.0)}
    return {name: tf.constant(value) for name, value in numbers.items()}


def floats(picture: np.ndarray) -> tf.Tensor:
    return tf.constant(picture, tf.float32)


def test_gradient_of_the_total_matches_finite_differences(objective, weights, content, style):
    """Along several random directions, by central differences of a float32 loss."""
    targets = objective.targets(floats(content), floats(style))
    generator = np.random.default_rng(0)
    image = floats(content) * 0.8 + 20 + generator.normal(0, 5, content.shape)  # away from the content's own zero
    image = tf.cast(image, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(image)
        total = objective.losses(image, targets, weights).total
    gradient = tape.gradient(total, image).numpy().astype(np.float64)
    step = 0.003  # of 255 levels: small against the kinks of ReLU, large against the rounding of float32
    for direction in [
        np.sign(gradient),
        *generator.choice([-1.0, 1.0], (3, *content.shape)) * np.abs(np.sign(gradient)),
    ]:
        mixed = (direction + np.sign(gradient)) / 2  # keeps the difference well above float32's noise
        plus, minus = (
            float(objective.losses(image + sign * step * tf.cast(mixed, tf.float32), targets, weights).total)
            for sign in (1, -1)
        )
        assert (plus - minus) / (2 * step) == pytest.approx(np.vdot(gradient, mixed), rel=0.02)


def test_style_equal_to_content_gives_zero_losses_at_the_start(module, content, preset):
    losses = module.stylize(content, content, 1)["losses"].numpy()[0]
    assert losses[1] == 0
    assert losses[2] == pytest.approx(0, abs=1e-6 * preset.defaults["style_weight"])


def test_the_total_is_the_sum_of_the_weighted_losses(module, content, style):
    losses = module.stylize(content, style, 5, content_weight=2.0, style_weight=3.0, tv_weight=4.0)["losses"].numpy()
    np.testing.assert_allclose(losses[:, 0], losses[:, 1:].sum(axis=1), rtol=1e-6)


def test_each_weight_scales_its_own_loss(module, content, style):
    single, double = (
        module.stylize(content, style, 1, content_weight=w, style_weight=w, tv_weight=w)["losses"].numpy()
        for w in (1.0, 2.0)
    )
    np.testing.assert_allclose(double, 2 * single, rtol=1e-5)


def test_losses_of_the_default_preset_do_not_depend_on_the_scale_of_features(content, style):
    """Relative errors have no unit, so one set of weights serves every network."""
    from nst_export.weights.random_weights import fill_with_random_weights
    from nst_graph.presets import PRESETS
    from nst_graph.style_transfer import network_for

    preset = PRESETS["nst"]
    weights = dict.fromkeys(preset.defaults, tf.constant(1.0))
    losses = []
    for scale in (1.0, 10.0):
        network = network_for(preset, width_divisor=16)
        fill_with_random_weights(network, seed=0)
        for layer in network.layers:
            if layer.weights and layer.name != "block1_conv1":
                kernel, bias = layer.get_weights()
                layer.set_weights([kernel, bias * scale])
        kernel, bias = network.get_layer("block1_conv1").get_weights()
        network.get_layer("block1_conv1").set_weights([kernel * scale, bias * scale])
        objective = Objective(network, preset)
        targets = objective.targets(floats(content), floats(style))
        losses.append(objective.losses(floats(content[:, ::-1].copy()), targets, weights))
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-3)
