"""Random weights: orthogonal, normalised, and the same wherever they are drawn again."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from nst_export.weights import weights_sha256
from nst_export.weights.random_weights import (
    NOISE_PICTURES,
    NOISE_SIDE,
    fill_with_random_weights,
    noise_picture,
    orthogonal,
)
from nst_graph.presets import PRESETS
from nst_graph.style_transfer import network_for
from nst_graph.vgg19 import preprocess, vgg19
from tests.exports import WIDTH_DIVISOR


def filled(network: keras.Model, seed: int) -> keras.Model:
    fill_with_random_weights(network, seed)
    return network


@pytest.mark.parametrize(("rows", "columns"), [(27, 4), (64, 64), (9, 1), (576, 32)])
def test_columns_are_orthonormal_where_there_are_no_more_of_them_than_rows(rows, columns):
    matrix = orthogonal(rows, columns, np.random.default_rng(0))
    assert matrix.shape == (rows, columns)
    np.testing.assert_allclose(matrix.T @ matrix, np.eye(columns), atol=1e-12)


@pytest.mark.parametrize(("rows", "columns"), [(4, 27), (1, 9), (27, 64)])
def test_rows_are_orthonormal_where_there_are_fewer_of_them(rows, columns):
    matrix = orthogonal(rows, columns, np.random.default_rng(0))
    assert matrix.shape == (rows, columns)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(rows), atol=1e-12)


def test_orthogonal_matrices_are_uniformly_distributed():
    """The trace of a Haar distributed matrix has mean 0 and variance 1; LAPACK's own signs make it -1.6."""
    generator = np.random.default_rng(0)
    traces = [np.trace(orthogonal(8, 8, generator)) for _ in range(2000)]
    assert abs(np.mean(traces)) < 0.1
    assert np.var(traces) == pytest.approx(1, abs=0.15)


def pre_activations(network: keras.Model, pictures: tf.Tensor):
    """Name and output before the ReLU of every convolution, float64."""
    convolutions = [layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D)]
    inputs = keras.Model(network.inputs, [layer.input for layer in convolutions])(pictures)
    for layer, features in zip(convolutions, inputs, strict=True):
        kernel, bias = (tf.cast(weight, tf.float64) for weight in layer.get_weights())
        yield layer.name, (tf.nn.conv2d(tf.cast(features, tf.float64), kernel, 1, "SAME") + bias).numpy()


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_every_channel_has_zero_mean_and_unit_variance_before_its_relu(preset):
    network = filled(network_for(PRESETS[preset], width_divisor=WIDTH_DIVISOR), 5)
    pictures = [noise_picture(NOISE_SIDE, np.random.default_rng([5, n])) for n in range(NOISE_PICTURES)]
    batch = tf.concat([preprocess(tf.constant(picture)) for picture in pictures], axis=0)
    outputs = dict(pre_activations(network, batch))
    assert len(outputs) >= 13
    for name, values in outputs.items():
        np.testing.assert_allclose(values.mean(axis=(0, 1, 2)), 0, atol=2e-3, err_msg=name)
        np.testing.assert_allclose(values.var(axis=(0, 1, 2)), 1, atol=2e-3, err_msg=name)


def test_filters_of_a_layer_stay_orthogonal_after_normalisation(tiny_network):
    kernel = filled(tiny_network, 0).get_layer("block3_conv1").kernel.numpy()
    filters = kernel.reshape(-1, kernel.shape[-1]).astype(np.float64)
    unit = filters / np.linalg.norm(filters, axis=0)
    np.testing.assert_allclose(unit.T @ unit, np.eye(kernel.shape[-1]), atol=1e-6)


def test_one_seed_gives_one_network_in_a_fresh_process_too(tiny_network, run_python):
    fill_with_random_weights(tiny_network, 7)
    program = f"""
from nst_export.weights.random_weights import fill_with_random_weights
from nst_export.weights import weights_sha256
from nst_graph.presets import PRESETS
from nst_graph.style_transfer import network_for
network = network_for(PRESETS["nst"], width_divisor={WIDTH_DIVISOR})
fill_with_random_weights(network, 7)
print(weights_sha256(network))
"""
    finished = run_python("-c", program, PYTHONHASHSEED="1")
    assert finished.stdout.split() == [weights_sha256(tiny_network)], finished.stderr


def test_another_seed_gives_other_filters_in_every_layer():
    first, second = (filled(network_for(PRESETS["nst"], width_divisor=WIDTH_DIVISOR), seed) for seed in (0, 1))
    for one, other in zip(first.weights, second.weights, strict=True):
        assert not np.allclose(one.numpy(), other.numpy()), one.path


def test_weights_of_a_layer_do_not_depend_on_how_deep_the_network_goes():
    shallow = filled(vgg19(["block2_conv2"], width_divisor=WIDTH_DIVISOR), 3)
    deep = filled(vgg19(["block5_conv4"], width_divisor=WIDTH_DIVISOR), 3)
    for layer in (layer for layer in shallow.layers if layer.weights):
        for one, other in zip(layer.get_weights(), deep.get_layer(layer.name).get_weights(), strict=True):
            np.testing.assert_array_equal(one, other, err_msg=layer.name)


def test_noise_picture_has_the_amplitude_spectrum_of_natural_pictures():
    side = 256
    frequency = np.fft.fftfreq(side)
    radius = np.hypot(frequency[:, None], frequency[None, :]).ravel()
    inside = (radius > 4 / side) & (radius < 0.4)
    for seed in range(3):
        plane = noise_picture(side, np.random.default_rng(seed)).mean(axis=-1)
        amplitude = np.abs(np.fft.fft2(plane)).ravel()
        slope, _ = np.polyfit(np.log(radius[inside]), np.log(amplitude[inside]), 1)
        assert slope == pytest.approx(-1, abs=0.1)


def test_noise_picture_fills_the_range_of_pixels_and_not_more():
    noise = noise_picture(128, np.random.default_rng(0))
    assert noise.dtype == np.float32
    assert noise.shape == (128, 128, 3)
    assert noise.min() == 0
    assert noise.max() == 255
    assert noise.mean() == pytest.approx(127.5, abs=5)


def test_colours_of_a_noise_picture_are_correlated_as_in_photographs():
    noise = noise_picture(256, np.random.default_rng(1)).reshape(-1, 3)
    correlations = np.corrcoef(noise.T)[np.triu_indices(3, 1)]
    np.testing.assert_allclose(correlations, 2 / 3, atol=0.15)
