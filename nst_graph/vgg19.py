"""VGG19 without its classifier, as a Keras functional model with named intermediate outputs."""

from __future__ import annotations

from collections.abc import Iterable

import keras
import tensorflow as tf

from nst_graph.choices import Pooling, Precision

# Mean colour of ImageNet, blue-green-red as Caffe read its pictures: what VGG19's authors subtracted
# (Simonyan and Zisserman 2015, section 2.1; the same numbers as keras.applications.vgg19.preprocess_input).
IMAGENET_MEAN_BGR = (103.939, 116.779, 123.68)

CONVOLUTIONS = tuple(
    f"block{block}_conv{index}" for block, depth in enumerate((2, 2, 4, 4, 4), start=1) for index in range(1, depth + 1)
)


def vgg19(
    layers: Iterable[str],
    *,
    pooling: Pooling = "max",
    precision: Precision = "float32",
    width_divisor: int = 1,
) -> keras.Model:
    """Builds VGG19 up to the deepest of `layers`, with untrained weights.

    Args:
        layers: Keras names of the wanted layers, such as `block4_conv2`. A convolution's output is
            taken behind its ReLU.
        pooling: `max` as trained, or `average`, which Gatys et al. (2016, section 2) found to give
            smoother gradients and slightly better pictures.
        precision: dtype of weights and features.
        width_divisor: divides the number of filters of every convolution; above 1 for tests only.

    Returns:
        A model from float32[batch, height, width, 3] (see `preprocess`) to a dict of
        precision[batch, height / 2**(block - 1), width / 2**(block - 1), channels] by layer name.

    Raises:
        ValueError: a layer's name is not one of `CONVOLUTIONS`.
    """
    names = sorted(set(layers))
    unknown = [name for name in names if name not in CONVOLUTIONS]
    if unknown:
        raise ValueError(f"VGG19 has no layer {unknown[0]!r}; it has {', '.join(CONVOLUTIONS)}")

    def variant(layer: keras.Layer) -> keras.Layer:
        config = layer.get_config() | {"dtype": precision, "trainable": False}
        if isinstance(layer, keras.layers.MaxPooling2D):
            kind = keras.layers.AveragePooling2D if pooling == "average" else keras.layers.MaxPooling2D
            return kind.from_config(config)
        return keras.layers.Conv2D.from_config(config | {"filters": layer.filters // width_divisor})

    full = keras.applications.VGG19(include_top=False, weights=None, input_shape=(None, None, 3))
    network = keras.models.clone_model(full, clone_function=variant)
    return features_at(network, names)


def features_at(network: keras.Model, layers: Iterable[str]) -> keras.Model:
    """A view of `network`, sharing its weights, that ends behind the deepest of `layers`."""
    return keras.Model(network.input, {name: network.get_layer(name).output for name in layers})


def preprocess(image: tf.Tensor) -> tf.Tensor:
    """RGB pixels in 0..255, float32[height, width, 3], as VGG19 wants them: float32[1, height, width, 3]."""
    bgr = tf.reverse(image, axis=[-1]) - tf.constant(IMAGENET_MEAN_BGR)
    return bgr[tf.newaxis]
