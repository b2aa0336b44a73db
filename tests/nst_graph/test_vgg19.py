from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from nst_graph.vgg19 import CONVOLUTIONS, features_at, preprocess, vgg19
from tests.conftest import picture


def test_it_has_the_layers_shapes_and_names_of_keras():
    reference = keras.applications.VGG19(include_top=False, weights=None)
    network = vgg19(CONVOLUTIONS)
    for name in CONVOLUTIONS:
        assert network.get_layer(name).kernel.shape == reference.get_layer(name).kernel.shape


def test_its_features_are_those_of_keras_for_the_same_weights():
    reference = keras.applications.VGG19(include_top=False, weights=None, input_shape=(None, None, 3))
    network = vgg19(["block3_conv2"], pooling="max")
    for layer in network.layers[1:]:
        layer.set_weights(reference.get_layer(layer.name).get_weights())
    image = tf.constant(picture(32, 48), tf.float32)
    expected = keras.Model(reference.input, reference.get_layer("block3_conv2").output)(
        preprocess(image)[:, 1:-1, 1:-1]
    )
    np.testing.assert_allclose(network(preprocess(image))["block3_conv2"], expected, rtol=1e-4, atol=1e-4)


def test_preprocessing_is_that_of_keras():
    image = picture(4, 5).astype(np.float32)
    expected = keras.applications.vgg19.preprocess_input(image[None].copy())
    padded = preprocess(tf.constant(image))
    np.testing.assert_allclose(padded[:, 1:-1, 1:-1], expected, rtol=1e-6, atol=1e-5)
    np.testing.assert_array_equal(padded, np.pad(padded[:, 1:-1, 1:-1], [[0, 0], [1, 1], [1, 1], [0, 0]]))


def test_a_replicated_border_repeats_the_edge():
    padded = preprocess(tf.constant(picture(4, 5), tf.float32), replicate=True).numpy()
    np.testing.assert_array_equal(padded, np.pad(padded[:, 1:-1, 1:-1], [[0, 0], [1, 1], [1, 1], [0, 0]], "edge"))


def test_it_is_cut_behind_the_deepest_layer_used():
    names = [layer.name for layer in vgg19(["block2_conv1", "block1_conv1"], width_divisor=16).layers]
    assert names[-1] == "block2_conv1"
    assert "block2_conv2" not in names


@pytest.mark.parametrize(("pooling", "expected"), [("average", 2.5), ("max", 4.0), ("l2", 0.78 * 30**0.5)])
def test_pooling_is_average_max_or_the_root_of_the_sum_of_squares(pooling, expected):
    network = vgg19(["block2_conv1"], pooling=pooling, width_divisor=16)
    pool = network.get_layer("block1_pool")
    assert pool(tf.reshape(tf.constant([1.0, 2.0, 3.0, 4.0]), [1, 2, 2, 1])).numpy().item() == pytest.approx(expected)


def test_a_view_shares_the_networks_weights():
    network = vgg19(["block2_conv1"], width_divisor=16)
    view = features_at(network, ["block1_conv1"])
    assert view.get_layer("block1_conv1").kernel is network.get_layer("block1_conv1").kernel
    assert list(view.output) == ["block1_conv1"]


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_precision_is_that_of_weights_and_features(precision):
    network = vgg19(["block2_conv1"], precision=precision, width_divisor=16)
    assert {weight.dtype for weight in network.weights} == {precision}
    assert network(preprocess(tf.zeros([32, 32, 3])))["block2_conv1"].dtype.name == precision


def test_an_unknown_layer_is_named():
    with pytest.raises(ValueError, match="block1_conv9"):
        vgg19(["block1_conv9"])
