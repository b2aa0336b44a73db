"""A seeded VGG19 for work without trained weights: orthogonal filters, normalised layer by layer.

Random filters only give pictures worth looking at when every layer's outputs have the same scale and
half of its units are active; otherwise deep features collapse onto one direction (He, Wang and
Hopcroft 2016 trace the failure of random networks to exactly this).
"""

from __future__ import annotations

import zlib

import keras
import numpy as np
import tensorflow as tf

from nst_graph.vgg19 import preprocess

NOISE_PICTURES = 2  # one leaves the deep channels, seen at 1/16 of the size, with too few positions
NOISE_SIDE = 256


def fill_with_random_weights(network: keras.Model, seed: int) -> None:
    """Gives every convolution of `network` seeded weights, in place.

    Deterministic for a seed: filters come from numpy's PCG64 in float64, and only the normalisation
    goes through float32 convolutions, whose last bits differ between processors.
    """
    convolutions = [layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D)]
    for layer in convolutions:
        fan_in = int(np.prod(layer.kernel.shape[:-1]))
        generator = np.random.default_rng([seed, zlib.crc32(layer.name.encode())])
        filters = orthogonal(fan_in, layer.filters, generator).reshape(layer.kernel.shape)
        layer.set_weights([filters, np.zeros(layer.filters)])
    pictures = [noise_picture(NOISE_SIDE, np.random.default_rng([seed, n])) for n in range(NOISE_PICTURES)]
    normalise(network, tf.concat([preprocess(tf.constant(picture)) for picture in pictures], axis=0))


def orthogonal(rows: int, columns: int, generator: np.random.Generator) -> np.ndarray:
    """float64[rows, columns] with orthonormal columns, or rows where they are fewer; uniformly distributed.

    It is Q of the QR decomposition whose R has a positive diagonal (Mezzadri 2007), found by Cholesky:
    matrix products, where LAPACK's Householder steps take minutes on processors that others use too.
    The second pass removes the rounding errors of the first.
    """
    q = generator.standard_normal((max(rows, columns), min(rows, columns)))
    for _ in range(2):
        q = q @ np.linalg.inv(np.linalg.cholesky(q.T @ q)).T
    return q if rows >= columns else q.T


def noise_picture(side: int, generator: np.random.Generator) -> np.ndarray:
    """Noise with the 1/f amplitude spectrum of natural pictures: float32[side, side, 3] in 0..255.

    Two thirds of the variance is common to the three colours, as in photographs.
    """
    frequency = np.fft.fftfreq(side)
    radius = np.hypot(frequency[:, None], frequency[None, :])
    radius[0, 0] = np.inf  # no amplitude at frequency 0: the mean is set below
    spectrum = np.fft.fft2(generator.standard_normal((4, side, side))) / radius
    luminance, *colours = np.real(np.fft.ifft2(spectrum))
    unit = [plane / plane.std() for plane in (luminance, *colours)]
    mixed = np.stack([np.sqrt(2 / 3) * unit[0] + np.sqrt(1 / 3) * colour for colour in unit[1:]], axis=-1)
    return np.clip(127.5 + 64 * mixed, 0, 255).astype(np.float32)


def normalise(network: keras.Model, pictures: tf.Tensor) -> None:
    """Scales every convolution to outputs of zero mean and unit variance before its ReLU (LSUV,
    Mishkin and Matas 2016, per channel), front to back, on preprocessed `pictures`.
    """
    features = pictures
    for layer in network.layers[1:]:
        if isinstance(layer, keras.layers.Conv2D):
            kernel, _ = layer.get_weights()
            outputs = tf.nn.conv2d(tf.cast(features, tf.float32), kernel.astype(np.float32), 1, "SAME")
            mean, variance = tf.nn.moments(outputs, axes=[0, 1, 2])
            deviation = tf.sqrt(variance)
            layer.set_weights([kernel / deviation, -mean / deviation])
        features = layer(features)
