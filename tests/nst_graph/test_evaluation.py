from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from nst_graph.evaluation import CONTENT_LAYER, STYLE_LAYERS
from tests.conftest import picture


def test_errors_equal_those_computed_with_numpy(module, network, content, style):
    """From the definition in the contract, on the network's own features."""
    image = picture(48, 64, seed=3)

    def features(image: np.ndarray, layer: str) -> np.ndarray:
        bgr = keras.applications.vgg19.preprocess_input(image[None].astype(np.float32))
        bgr = np.pad(bgr, [[0, 0], [1, 1], [1, 1], [0, 0]])
        output = keras.Model(network.input, network.get_layer(layer).output)(bgr).numpy()
        return output.reshape(-1, output.shape[-1]).astype(np.float64)

    def gram(rows: np.ndarray) -> np.ndarray:
        return rows.T @ rows / len(rows)

    def relative(value: np.ndarray, target: np.ndarray) -> float:
        return np.sum((value - target) ** 2) / np.sum(target**2)

    errors = module.evaluate(content, style, image)
    expected = [relative(gram(features(image, layer)), gram(features(style, layer))) for layer in STYLE_LAYERS]
    np.testing.assert_allclose(errors["style_errors"], expected, rtol=1e-4)
    expected = relative(features(image, CONTENT_LAYER), features(content, CONTENT_LAYER))
    np.testing.assert_allclose(errors["content_error"], expected, rtol=1e-4)
    unit = image / 255
    differences = np.concatenate([np.diff(unit, axis=axis).ravel() for axis in (0, 1)])
    np.testing.assert_allclose(errors["total_variation"], np.mean(differences**2), rtol=1e-5)


def test_it_measures_at_the_layers_of_the_contract():
    assert STYLE_LAYERS == ("block1_conv1", "block2_conv1", "block3_conv1", "block4_conv1", "block5_conv1")
    assert CONTENT_LAYER == "block4_conv2"


def test_the_gradient_is_that_of_the_definition_on_the_networks_features(module, network, content, style):
    """The definition once more, in TensorFlow and apart from nst_graph."""
    layers = [*STYLE_LAYERS, CONTENT_LAYER]
    outputs = keras.Model(network.input, [network.get_layer(layer).output for layer in layers])

    def features(picture: tf.Tensor) -> list[tf.Tensor]:
        bgr = keras.applications.vgg19.preprocess_input(picture[tf.newaxis])
        maps = outputs(tf.pad(bgr, [[0, 0], [1, 1], [1, 1], [0, 0]]))
        return [tf.reshape(each, [-1, each.shape[-1]]) for each in maps]

    def relative(value: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
        return tf.norm(value - target) ** 2 / tf.norm(target) ** 2

    def gram(rows: tf.Tensor) -> tf.Tensor:
        return tf.einsum("mc,md->cd", rows, rows) / len(rows)

    def definition(content: tf.Tensor, style: tf.Tensor, image: tf.Tensor) -> tf.Tensor:
        *of_style, _ = map(gram, features(style))
        *of_image, _ = map(gram, features(image))
        across = tf.concat(
            [tf.reshape(image[1:] - image[:-1], [-1]), tf.reshape(image[:, 1:] - image[:, :-1], [-1])], 0
        )
        content_error = relative(features(image)[-1], features(content)[-1])
        return sum(map(relative, of_image, of_style)) + content_error + tf.reduce_mean((across / 255) ** 2)

    def evaluated(*pictures: tf.Tensor) -> tf.Tensor:
        return tf.add_n([tf.reduce_sum(error) for error in module.evaluate(*pictures).values()])

    pictures = [tf.constant(each, tf.float32) for each in (content, style, picture(48, 64, seed=3))]
    gradients = []
    for loss in (definition, evaluated):
        with tf.GradientTape() as tape:
            tape.watch(pictures[-1])
            value = loss(*pictures)
        gradients.append(tape.gradient(value, pictures[-1]).numpy())
    np.testing.assert_allclose(*gradients, rtol=1e-3, atol=1e-5 * np.abs(gradients[0]).max())


def test_floats_and_pixels_give_the_same_errors(module, content, style):
    pixels = (content, style, picture(48, 64, seed=3))
    of_pixels, of_floats = module.evaluate(*pixels), module.evaluate(*(tf.cast(each, tf.float32) for each in pixels))
    for name, value in of_pixels.items():
        np.testing.assert_array_equal(value, of_floats[name])
