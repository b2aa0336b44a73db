"""VGG19 without its classifier, as a Keras functional model with named intermediate outputs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import keras
import tensorflow as tf

from nst_graph.choices import Pooling, Precision

# Mean colour of ImageNet, blue-green-red as Caffe read its pictures: what VGG19's authors subtracted
# (Simonyan and Zisserman 2015, section 2.1; the same numbers as keras.applications.vgg19.preprocess_input).
IMAGENET_MEAN_BGR = (103.939, 116.779, 123.68)

# Convolutions and filters of each block (Simonyan and Zisserman 2015, table 1, column E); a pool follows each.
BLOCKS = ((2, 64), (2, 128), (4, 256), (4, 512), (4, 512))

L2_SCALE = 0.78  # crowsonkb/style-transfer-pytorch, VGGFeatures.pooling_scales
SMALLEST_MEAN_SQUARE = 1e-7  # float16's own smallest is 6e-8

CONVOLUTIONS = tuple(
    f"block{block}_conv{index}" for block, (depth, _) in enumerate(BLOCKS, 1) for index in range(1, depth + 1)
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
        pooling: `max` as trained; `average`, which Gatys et al. (2016, section 2) found to give
            smoother gradients and slightly better pictures; or `l2`, the root of the sum of squares times 0.78,
            about as large as `max` (crowsonkb/style-transfer-pytorch, VGGFeatures).
        precision: dtype of weights and features.
        width_divisor: divides the number of filters of every convolution; above 1 for tests only.

    Returns:
        A model from float32[batch, height + 2, width + 2, 3] (see `preprocess`) to a dict of
        precision[batch, height / 2**(block - 1), width / 2**(block - 1), channels] by layer name.

    Raises:
        ValueError: a layer's name is not one of `CONVOLUTIONS`.
    """
    wanted = set(layers)
    unknown = sorted(wanted - set(CONVOLUTIONS))
    if unknown:
        raise ValueError(f"VGG19 has no layer {unknown[0]!r}; it has {', '.join(CONVOLUTIONS)}")
    inputs = features = keras.Input((None, None, 3))
    outputs: dict[str, Any] = {}
    for block, (depth, filters) in enumerate(BLOCKS, 1):
        for index in range(1, depth + 1):
            name = f"block{block}_conv{index}"
            features = keras.layers.Conv2D(
                filters // width_divisor,
                3,
                padding="valid" if name == CONVOLUTIONS[0] else "same",  # `preprocess` pads the first
                activation="relu",
                name=name,
                dtype=precision,
                trainable=False,
            )(features)
            outputs |= {name: features} if name in wanted else {}
            if set(outputs) == wanted:
                return keras.Model(inputs, outputs)
        features = _pool(pooling, f"block{block}_pool", precision)(features)
    raise ValueError("no layer is wanted")


def _pool(pooling: Pooling, name: str, precision: Precision) -> keras.layers.Layer:
    if pooling == "l2":
        return keras.layers.Lambda(_l2_pool, name=name, dtype=precision)
    pool = keras.layers.AveragePooling2D if pooling == "average" else keras.layers.MaxPooling2D
    return pool(2, strides=2, name=name, dtype=precision)


def _l2_pool(features: tf.Tensor) -> tf.Tensor:
    """Where all four are 0 the root has no slope: there the gradient is 0."""
    means = tf.nn.avg_pool2d(tf.square(features), 2, 2, "VALID")
    return L2_SCALE * 2 * tf.sqrt(tf.maximum(means, SMALLEST_MEAN_SQUARE))


def scale_of(layer: str) -> int:
    """Pixels from one position of a layer's features to the next."""
    return 1 << (int(layer.removeprefix("block")[0]) - 1)


def features_at(network: keras.Model, layers: Iterable[str]) -> keras.Model:
    """A view of `network`, sharing its weights, that ends behind the deepest of `layers`."""
    return keras.Model(network.input, {name: network.get_layer(name).output for name in layers})


def preprocess(image: tf.Tensor, replicate: bool | tf.Tensor = False) -> tf.Tensor:
    """A picture as `vgg19` wants it, with the border of one pixel that its first convolution needs.

    Args:
        image: RGB pixels in 0..255, float32[height, width, 3].
        replicate: bool[]: the border repeats the picture's edge, so that no contrast is painted there; else it is
            zeros, the mean colour, as VGG19 was trained.

    Returns:
        float32[1, height + 2, width + 2, 3].
    """
    bgr = tf.reverse(image, axis=[-1]) - tf.constant(IMAGENET_MEAN_BGR)
    border = [[1, 1], [1, 1], [0, 0]]
    kept = tf.maximum(tf.pad(tf.ones_like(bgr[..., :1]), border), tf.cast(replicate, tf.float32))
    return (tf.pad(bgr, border, "SYMMETRIC") * kept)[tf.newaxis]
