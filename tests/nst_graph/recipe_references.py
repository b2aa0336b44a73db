"""The recipes written out plainly, one call of the network after the other: nothing of this project but its network,
and the numbers of its own preset.

Each system keeps the picture in its own unit, and is written with its own numbers, from its own source. What all
leave out: to subtract a mean colour from the variable that is optimised changes no step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from nst_graph.presets import PRESETS
from tests.nst_graph.reference_optimisers import lbfgs, torch_adam
from tests.nst_graph.reference_roots import trace_of_root

MEANS = np.array([103.939, 116.779, 123.68], np.float32)  # blue, green, red
STYLE_LAYERS = tuple(f"block{block}_conv1" for block in range(1, 6))
OURS = PRESETS["nst"]  # numbers alone
CHANNELS = (64, 128, 256, 512, 512)

Features = Mapping[str, tf.Tensor]
Step = Callable[[tf.Variable, tf.Tensor], None]


class System(NamedTuple):
    """One implementation of style transfer."""

    content_layers: tuple[str, ...]
    losses: Callable[..., tuple[tf.Tensor, ...]]  # of features, content's, style's, picture: content, style, variation
    optimiser: Callable[[], Step]
    unit: float = 1.0  # pixel levels of 1.0 in its pictures
    limit: float | None = None  # pixels are clipped to 0..limit
    replicate: bool = False  # the border repeats the picture's edge
    feature_unit: float = 1.0  # of features: what its network divides pixel levels by
    scale: Callable[[tf.Tensor], float] = lambda _: 1.0  # factor on the gradient


def run(
    system: System, network: keras.Model, pictures: tuple[np.ndarray, ...], iterations: int
) -> tuple[np.ndarray, np.ndarray]:
    """The last picture in pixel levels, and float32[iterations, 4] as `stylize` returns them.

    Args:
        system: one of `SYSTEMS`.
        network: from a batch of pictures that are padded by one pixel.
        pictures: content, style and the one to start from, in pixel levels, height x width x 3 each.
        iterations: to do.
    """
    layers = [*system.content_layers, *STYLE_LAYERS]
    outputs = keras.Model(network.input, {name: network.get_layer(name).output for name in layers})

    def features(picture: tf.Tensor) -> Features:
        bgr = picture[..., ::-1] * system.unit - MEANS
        padded = tf.pad(bgr, [[1, 1], [1, 1], [0, 0]], "SYMMETRIC" if system.replicate else "CONSTANT")
        return {name: value / system.feature_unit for name, value in outputs(padded[None]).items()}

    content, style, start = (tf.constant(picture.astype(np.float32) / system.unit) for picture in pictures)
    content_features, style_features = features(content), features(style)
    image, step, history = tf.Variable(start), system.optimiser(), []
    for _ in range(iterations):
        with tf.GradientTape() as tape:
            losses = system.losses(features(image), content_features, style_features, image)
            total = tf.add_n(losses)
        history.append([total, *losses])
        step(image, system.scale(image) * tape.gradient(total, image))
        if system.limit is not None:
            image.assign(tf.clip_by_value(image, 0.0, system.limit))
    return image.numpy() * system.unit, np.array(history, np.float32)


def gram(features: tf.Tensor) -> tf.Tensor:
    """The mean over positions of outer products."""
    rows = tf.reshape(features, [-1, features.shape[-1]])
    return tf.matmul(rows, rows, transpose_a=True) / rows.shape[0]


def mean_square(one: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean((one - other) ** 2)


def keras_step(optimiser: Callable[[], keras.optimizers.Optimizer]) -> Callable[[], Step]:
    def start() -> Step:
        made = optimiser()
        return lambda image, gradient: made.apply_gradients([(gradient, image)])

    return start


def eager(now: Features, content: Features, style: Features, _: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """Yuan's notebook: get_content_loss, get_style_loss; num_style_layers = 5."""
    style_loss = tf.add_n([mean_square(gram(now[name]), gram(style[name])) / 5 for name in STYLE_LAYERS])
    return 1e3 * mean_square(now["block5_conv2"], content["block5_conv2"]), 1e-2 * style_loss, tf.constant(0.0)


def tensorflow(now: Features, content: Features, style: Features, _: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """tensorflow.org: style_content_loss, before its second part adds the total variation."""
    style_loss = tf.add_n([mean_square(gram(now[name]), gram(style[name])) for name in STYLE_LAYERS]) * 1e-2 / 5
    return mean_square(now["block5_conv2"], content["block5_conv2"]) * 1e4, style_loss, tf.constant(0.0)


def gatys(now: Features, content: Features, style: Features, _: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """leongatys/PytorchNeuralStyleTransfer: GramMSELoss with 1e3 / n**2, MSELoss with 1."""
    losses = [
        1e3 / n**2 * mean_square(gram(now[name]), gram(style[name]))
        for name, n in zip(STYLE_LAYERS, CHANNELS, strict=True)
    ]
    return mean_square(now["block4_conv2"], content["block4_conv2"]), tf.add_n(losses), tf.constant(0.0)


def jcjohnson(now: Features, content: Features, style: Features, image: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """neural_style.py of neural-style-pt: Gram / nelement; weights 5, 100 and 1e-3."""
    losses = [
        100 * mean_square(gram(now[name]) / n, gram(style[name]) / n)
        for name, n in zip(STYLE_LAYERS, CHANNELS, strict=True)
    ]
    variation = tf.reduce_sum(tf.abs(image[1:] - image[:-1])) + tf.reduce_sum(tf.abs(image[:, 1:] - image[:, :-1]))
    content_loss = 5 * mean_square(now["block4_conv2"], content["block4_conv2"])
    return content_loss, tf.add_n(losses), 1e-3 * variation


def keras_io(now: Features, content: Features, style: Features, image: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """keras.io: gram_matrix sums over positions; the style has as many as the picture, or is brought to that number.

    Sums over channels are those of the published network: of a narrower one they are taken as often as it is narrower.
    """
    height, width, _ = image.shape
    style_loss = tf.constant(0.0)
    for name, n in zip(STYLE_LAYERS, CHANNELS, strict=True):
        positions = now[name].shape[1] * now[name].shape[2]
        difference = positions * (gram(style[name]) - gram(now[name]))
        narrower = n / now[name].shape[-1]
        error = narrower**2 * tf.reduce_sum(difference**2) / (4.0 * 3**2 * (height * width) ** 2)
        style_loss += 1e-6 / 5 * error
    down = (image[:-1, :-1] - image[1:, :-1]) ** 2
    across = (image[:-1, :-1] - image[:-1, 1:]) ** 2
    content_loss = 2.5e-8 * tf.reduce_sum((now["block5_conv2"] - content["block5_conv2"]) ** 2)
    return content_loss, style_loss, 1e-6 * tf.reduce_sum((down + across) ** 1.25)


def crowson(now: Features, content: Features, style: Features, image: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """style_transfer.py of style-transfer-pytorch: StyleLossW2, TVLoss."""
    style_loss = tf.constant(0.0)
    for name, weight in zip(STYLE_LAYERS, (256, 64, 16, 4, 1), strict=True):
        style_loss += weight / 341 * wasserstein(now[name], style[name])
    edge = tf.concat([image[:1], image, image[-1:]], axis=0)
    edge = tf.concat([edge[:, :1], edge, edge[:, -1:]], axis=1)
    s1, s2 = edge[1:, 1:], edge[1:, :-1]
    s3, s4 = edge[:-1, 1:], edge[:-1, :-1]
    straight = tf.reduce_mean((edge[1:-1, 2:] - image) ** 2 / 3) + tf.reduce_mean((edge[2:, 1:-1] - image) ** 2 / 3)
    diagonal = tf.reduce_mean((s1 - s4) ** 2 / 12) + tf.reduce_mean((s2 - s3) ** 2 / 12)
    content_loss = 0.015 * mean_square(now["block4_conv2"], content["block4_conv2"])
    return content_loss, style_loss, 2.0 * 2 * (straight + diagonal)


def nst(now: Features, content: Features, style: Features, image: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """This project's own: all errors relative; its numbers are chosen by looking, and so are read from its row."""
    content_loss = tf.add_n(
        [
            weight * tf.reduce_sum((now[name] - content[name]) ** 2) / tf.reduce_sum(content[name] ** 2)
            for name, weight in OURS.content_layers.items()
        ]
    )
    style_loss = tf.constant(0.0)
    for name, weight in zip(STYLE_LAYERS, OURS.style_layer_weights, strict=True):
        for ours, wanted in zip(mean_and_covariance(now[name]), mean_and_covariance(style[name]), strict=True):
            style_loss += weight * tf.reduce_sum((ours - wanted) ** 2) / tf.reduce_sum(wanted**2)
    differences = [tf.reshape(image[1:] - image[:-1], [-1]), tf.reshape(image[:, 1:] - image[:, :-1], [-1])]
    variation = tf.reduce_mean((tf.concat(differences, axis=0) / 255) ** 2)
    return OURS.content_weight * content_loss, OURS.style_weight * style_loss, OURS.tv_weight * variation


def nst_adam() -> Step:
    """Keras' Adam with a learning rate of its own for each iteration."""
    numbers = OURS.adam
    adam = keras.optimizers.Adam(1.0, numbers.beta_1, numbers.beta_2, epsilon=numbers.epsilon)

    def step(image: tf.Variable, gradient: tf.Tensor) -> None:
        done = int(adam.iterations)
        adam.learning_rate = numbers.learning_rate / (1 + done / OURS.decay_iterations) ** 0.5
        adam.apply_gradients([(gradient, image)])

    return step


def wasserstein(now: tf.Tensor, style: tf.Tensor) -> tf.Tensor:
    """mean((m - m')²) + mean(diag(C + C' - 2 (C'^½ C C'^½)^½))."""
    floor = 1e-4 * tf.eye(now.shape[-1])
    mean, covariance = mean_and_covariance(now)
    wanted_mean, wanted = mean_and_covariance(style)
    covariance, wanted = covariance + floor, wanted + floor
    values, vectors = np.linalg.eigh(wanted.numpy().astype(np.float64))
    root = tf.constant((vectors * np.sqrt(values)) @ vectors.T, tf.float32)
    trace = tf.linalg.trace(covariance + wanted) - 2 * trace_of_root(root @ covariance @ root)
    return mean_square(mean, wanted_mean) + trace / mean.shape[0]


def mean_and_covariance(features: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    mean = tf.reduce_mean(features, axis=[0, 1, 2])
    return mean, gram(features - mean)


SYSTEMS = {
    "eager": System(
        ("block5_conv2",), eager, keras_step(lambda: keras.optimizers.Adam(5.0, 0.99, epsilon=1e-1)), limit=255.0
    ),
    "tensorflow": System(
        ("block5_conv2",),
        tensorflow,
        keras_step(lambda: keras.optimizers.Adam(0.02, 0.99, epsilon=1e-1)),
        unit=255.0,
        limit=1.0,
    ),
    "gatys": System(("block4_conv2",), gatys, lbfgs),
    "jcjohnson": System(("block4_conv2",), jcjohnson, lbfgs),
    "keras": System(
        ("block5_conv2",),
        keras_io,
        keras_step(lambda: keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(100.0, 100, 0.96))),
    ),
    "crowson": System(
        ("block4_conv2",),
        crowson,
        lambda: torch_adam(0.02, 0.9, 0.99, 1e-8),
        unit=255.0,
        limit=1.0,
        replicate=True,
        feature_unit=255 * 0.226,  # torchvision's standard deviations are 0.229, 0.224 and 0.225
    ),
    "nst": System(
        ("block3_conv1", "block4_conv2"),
        nst,
        nst_adam,
        limit=255.0,
        replicate=True,
        scale=lambda image: image.numpy().size,
    ),
}
