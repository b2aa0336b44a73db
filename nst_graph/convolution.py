"""A convolution of VGG19 with its ReLU and what pools it, and a gradient for its input that processors like better.

The gradients are TensorFlow's own, to the bit. They are custom ones, which exports do not have: whoever takes gradients
of a loaded model needs Keras's layers.
"""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

# Channels of the input from which on float32 is faster in halves: see `_in_halves`. With 128 the halves' copies take
# what they save; 256 take 0.7 and 512 take 0.4 of the time (oneDNN 3.7, AVX-512).
HALVED_FROM = 256

_POOL = {"ksize": [1, 2, 2, 1], "strides": [1, 2, 2, 1], "padding": "VALID"}


def convolved(features: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor, padding: str, *, pooled: bool) -> tf.Tensor:
    """ReLU of a convolution, any float[1, height, width, filters]; `pooled` takes the maximum of each 2 x 2.

    Only `features` have a gradient.

    Args:
        features: any float[1, height, width, channels].
        kernel: of the same dtype, [3, 3, channels, filters].
        bias: of the same dtype, [filters].
        padding: `SAME` or `VALID`, as `tf.nn.conv2d` has it.
        pooled: whether a maximum pool follows. One function has both gradients, since where a maximum is no positive
            number, its four have no gradient either: the ReLU's then costs a quarter.
    """

    @tf.custom_gradient
    def of(features: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
        halved = padding == "SAME" and features.dtype == tf.float32 and kernel.shape[2] >= HALVED_FROM
        made = _in_halves(features, kernel, bias) if halved else _relu(features, kernel, bias, padding)
        returned = tf.raw_ops.MaxPool(input=made, **_POOL) if pooled else made

        def gradient(upstream: tf.Tensor) -> tf.Tensor:
            upstream = tf.raw_ops.ReluGrad(gradients=upstream, features=returned)
            if pooled:
                upstream = max_pool_gradient(made, returned, upstream)
            return tf.nn.conv2d_transpose(upstream, kernel, tf.shape(features), 1, padding)

        return returned, gradient

    returned: tf.Tensor = of(features)
    return returned


def _relu(features: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor, padding: str | list[list[int]]) -> tf.Tensor:
    return tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(features, kernel, 1, padding), bias))


def _in_halves(features: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
    """`_relu` with padding `SAME`, of the halves of a picture, of at least two rows, as a batch of two.

    oneDNN, which computes in TensorFlow's x86 builds, is fast with filters in blocks of its own. Where they are float32
    variables and a batch is of one picture, TensorFlow has it take them as they lie: mkl_conv_ops.cc, `Setup` of
    `MklConvFwdPrimitive`.
    """
    height, width = tf.unstack(tf.shape(features)[1:3])
    half, picture = (height + 1) // 2, features[0]
    above, below = tf.zeros_like(picture[:1]), tf.zeros([1 + 2 * half - height, width, kernel.shape[2]])
    rows = tf.concat([above, picture[: half + 1], picture[half - 1 :], below], axis=0)  # two more in each half
    halves = tf.reshape(rows, [2, half + 2, width, kernel.shape[2]])
    made = _relu(halves, kernel, bias, [[0, 0], [0, 0], [1, 1], [0, 0]])
    return tf.reshape(made, [1, 2 * half, width, kernel.shape[3]])[:, :height]


def max_pool_gradient(features: tf.Tensor, pooled: tf.Tensor, upstream: tf.Tensor) -> tf.Tensor:
    """That of a maximum pool of 2 x 2, float[1, height, width, channels]: the first of several maxima has it all.

    TensorFlow's own runs on one core for a batch of one, and takes as long as four convolutions.

    Args:
        features: float[1, height, width, channels]; an odd last row or column was not pooled.
        pooled: their maxima, float[1, height // 2, width // 2, channels].
        upstream: for the maxima.
    """
    size, (rows, columns), channels = tf.shape(features), tf.unstack(tf.shape(pooled)[1:3]), features.shape[-1]
    even = features[0, : 2 * rows, : 2 * columns]
    pairs = tf.reshape(even, [rows, 2, columns, 2 * channels])  # two neighbours of a row beside one another
    pooled, rest, zero = pooled[0], upstream[0], tf.zeros([], features.dtype)
    parts = []
    for row, column in ((0, 0), (0, 1), (1, 0)):
        candidates = pairs[:, row, :, column * channels : (column + 1) * channels]
        parts.append(tf.where(candidates >= pooled, rest, zero))
        rest -= parts[-1]
    upper, lower = tf.concat(parts[:2], axis=-1), tf.concat([parts[2], rest], axis=-1)
    made = tf.reshape(tf.concat([upper, lower], axis=1), [1, 2 * rows, 2 * columns, channels])
    return tf.pad(made, [[0, 0], [0, size[1] - 2 * rows], [0, size[2] - 2 * columns], [0, 0]])
