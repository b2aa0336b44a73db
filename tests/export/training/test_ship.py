"""What ships computes what was trained: rescaled features are multiples, int8 filters are near."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import picture
from training.activation_scale import between, gain
from training.ship import quantised, rescaled, write_arrays


@pytest.fixture
def layers():
    rng = np.random.default_rng(0)
    shapes = {"block1_conv1": (3, 3, 3, 8), "block1_conv2": (3, 3, 8, 8), "block2_conv1": (3, 3, 8, 16)}
    return {
        name: (rng.normal(0, 0.2, s).astype("f4"), rng.normal(0, 0.1, s[-1]).astype("f4")) for name, s in shapes.items()
    }


def features(layers, pooling):
    x, result = tf.constant(picture(32, 48)[None].astype("f4") / 60), {}
    for name, (kernel, bias) in layers.items():
        if name == "block2_conv1":
            x = tf.nn.pool(x, (2, 2), pooling, strides=(2, 2))
        x = result[name] = tf.nn.relu(tf.nn.conv2d(x, kernel, 1, "SAME") + bias)
    return result


@pytest.mark.parametrize("pooling", ["AVG", "MAX"])
def test_rescaled_layers_give_multiples_of_the_same_features(layers, pooling):
    gains = {"block1_conv1": 3.0, "block1_conv2": 0.5, "block2_conv1": 40.0}
    before, after = features(layers, pooling), features(rescaled(layers, gains), pooling)
    for name, factor in gains.items():
        np.testing.assert_allclose(after[name], factor * before[name], rtol=1e-3, atol=1e-4)


def test_the_strength_asked_for_is_reached():
    given = np.abs(np.random.default_rng(0).normal(0, 1, (500, 16)))
    strong = given * gain("block4_conv1", [given])
    gram = strong.T @ strong / len(strong)
    assert gram.mean() == pytest.approx(134288.8, rel=1e-6)
    assert (given * gain("block5_conv2", [given])).mean() == pytest.approx(13.764)


def test_layers_of_unknown_strength_lie_between_their_neighbours():
    gains = between({"a": 1.0, "d": 8.0}, ["a", "b", "c", "d", "e"])
    assert gains == pytest.approx({"a": 1.0, "b": 2.0, "c": 4.0, "d": 8.0, "e": 8.0})


def test_integers_are_at_most_half_a_step_off(layers):
    arrays = quantised(layers)
    for name, (kernel, bias) in layers.items():
        scale = arrays[f"{name}/scale"]
        assert arrays[f"{name}/kernel"].dtype == np.int8
        assert (np.abs(arrays[f"{name}/kernel"] * scale - kernel) <= 0.501 * scale).all()
        assert (np.abs(arrays[f"{name}/kernel"]).max((0, 1, 2)) == 127).all()
        np.testing.assert_array_equal(arrays[f"{name}/bias"], bias)


def test_a_silent_channel_stays_silent(layers):
    kernel, bias = layers["block1_conv1"]
    kernel[..., 2] = 0
    arrays = quantised({"block1_conv1": (kernel, bias)})
    assert not (arrays["block1_conv1/kernel"] * arrays["block1_conv1/scale"])[..., 2].any()


def test_the_same_arrays_give_the_same_bytes(tmp_path, layers):
    write_arrays(tmp_path / "one.npz", quantised(layers))
    write_arrays(tmp_path / "two.npz", quantised(layers))
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["one.npz", "two.npz"]
