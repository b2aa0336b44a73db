from __future__ import annotations

import keras
import numpy as np

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
