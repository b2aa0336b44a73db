"""The eager-execution tutorial's recipe, written out plainly and without this project's code.

A picture in VGG19's own space (blue-green-red, means subtracted) is a `tf.Variable`; each iteration
records a gradient tape, lets Keras' Adam step, and clips. Numbers: nst_graph.presets, row `eager`.
"""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

CONTENT_LAYER = "block5_conv2"
STYLE_LAYERS = [f"block{block}_conv1" for block in range(1, 6)]
MEANS = np.array([103.939, 116.779, 123.68], np.float32)


def eager_style_transfer(
    vgg: keras.Model, content: np.ndarray, style: np.ndarray, iterations: int
) -> tuple[np.ndarray, np.ndarray]:
    """float32[height, width, 3] RGB in 0..255, and float32[iterations, 3]: total, content, style."""
    vgg.trainable = False
    model = keras.Model(vgg.input, [vgg.get_layer(name).output for name in [CONTENT_LAYER, *STYLE_LAYERS]])
    start = keras.applications.vgg19.preprocess_input(content[None].astype(np.float32))
    content_target = model(start)[0]
    style_picture = keras.applications.vgg19.preprocess_input(style[None].astype(np.float32))
    style_targets = [gram(features) for features in model(style_picture)[1:]]
    image = tf.Variable(start)
    adam = keras.optimizers.Adam(learning_rate=5.0, beta_1=0.99, beta_2=0.999, epsilon=1e-1)
    history = []
    for _ in range(iterations):
        with tf.GradientTape() as tape:
            content_features, *style_features = model(image)
            content_loss = 1e3 * tf.reduce_mean((content_features - content_target) ** 2)
            style_loss = 1e-2 * sum(
                0.2 * tf.reduce_mean((gram(features) - target) ** 2)
                for features, target in zip(style_features, style_targets, strict=True)
            )
            total = content_loss + style_loss
        history.append([total, content_loss, style_loss])
        adam.apply_gradients([(tape.gradient(total, image), image)])
        image.assign(tf.clip_by_value(image, -MEANS, 255 - MEANS))
    return (image[0].numpy() + MEANS)[..., ::-1], np.array(history, np.float32)


def gram(features: tf.Tensor) -> tf.Tensor:
    channels = features.shape[-1]
    rows = tf.reshape(features, [-1, channels])
    return tf.matmul(rows, rows, transpose_a=True) / tf.cast(tf.shape(rows)[0], tf.float32)
