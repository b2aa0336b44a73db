"""The loop of TensorFlow's tutorials: a variable, a gradient tape, Keras' optimiser, and Python in between."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from nst_export.bench import gpu

gpu_memory = gpu.gpu_memory  # see `worker`


def prepare(folder: str, size: int, **others: object) -> Callable[[int], float]:
    """Everything but the targets, which belong to a call; see `worker` and `task`."""
    del others  # tutorials know neither precision nor layout
    recipe = json.loads(Path(folder, "recipe.json").read_text(encoding="utf-8"))
    pictures = np.load(Path(folder, f"pictures-{size}.npz"))
    network = network_with(Path(folder, "weights.npz"))
    contents, styles = recipe["content_layers"], recipe["style_layers"]
    network = keras.Model(network.input, [network.get_layer(name).output for name in [*contents, *styles]])
    content, style = (
        keras.applications.vgg19.preprocess_input(pictures[name][None].astype(np.float32))
        for name in ("content", "style")
    )
    means = np.float32(recipe["means"])

    def run(iterations: int) -> float:
        content_targets = network(content)[: len(contents)]
        style_targets = [gram_matrix(features) for features in network(style)[len(contents) :]]
        image = tf.Variable(content)
        optimizer = keras.optimizers.Adam(**recipe["adam"])
        total = tf.constant(0.0)
        for _ in range(iterations):
            with tf.GradientTape() as tape:
                features = network(image)
                content_loss = sum(
                    weight * tf.reduce_mean((now - target) ** 2)
                    for weight, now, target in zip(contents.values(), features, content_targets, strict=False)
                )
                style_loss = sum(
                    weight * tf.reduce_mean((gram_matrix(now) - target) ** 2)
                    for weight, now, target in zip(
                        styles.values(), features[len(contents) :], style_targets, strict=True
                    )
                )
                total = recipe["content_weight"] * content_loss + recipe["style_weight"] * style_loss
            optimizer.apply_gradients([(tape.gradient(total, image), image)])
            image.assign(tf.clip_by_value(image, -means, 255 - means))
        image.numpy()  # as whoever wants the picture
        return float(total)

    return run


def network_with(file: Path) -> keras.Model:
    """Keras' own VGG19 with the weights of a file, without gradients of its own."""
    network = keras.applications.VGG19(include_top=False, weights=None)
    network.trainable = False
    weights = np.load(file)
    for layer in network.layers:
        if f"{layer.name}/kernel" in weights:
            layer.set_weights([weights[f"{layer.name}/kernel"], weights[f"{layer.name}/bias"]])
    return network


def gram_matrix(features: tf.Tensor) -> tf.Tensor:
    """float32[channels, channels] of float32[1, height, width, channels], a mean over positions."""
    rows = tf.reshape(features, [-1, features.shape[-1]])
    return tf.matmul(rows, rows, transpose_a=True) / tf.cast(tf.shape(rows)[0], tf.float32)
