"""The styles of a request: one or more, each with its weight."""

from __future__ import annotations

from collections.abc import Mapping

import tensorflow as tf

from nst_graph import validation
from nst_graph.limits import MAX_STYLES, Limits

Tensors = Mapping[str, tf.Tensor]


class Styles:
    """All styles of a checked request, by their numbers from 0."""

    def __init__(self, first: tf.Tensor, options: Tensors) -> None:
        """Takes uint8[height, width, 3] and the options that name further ones."""
        self._first, self._more, self._sizes = first, options["more_styles"], options["more_style_sizes"]

    @property
    def count(self) -> tf.Tensor:
        """int32[]."""
        return 1 + tf.shape(self._more)[0]

    @property
    def sizes(self) -> tf.Tensor:
        """Height and width of each: int32[count, 2]."""
        return tf.concat([tf.shape(self._first)[tf.newaxis, :2], self._sizes], axis=0)

    def picture(self, number: tf.Tensor) -> tf.Tensor:
        """Style `number`, int32[]: uint8[height, width, 3]."""

        def further() -> tf.Tensor:
            height, width = tf.unstack(self._sizes[number - 1])
            return self._more[number - 1, :height, :width]

        return tf.ensure_shape(tf.cond(number == 0, lambda: self._first, further), [None, None, 3])


def checked_styles(first: tf.Tensor, options: Tensors, limits: Limits) -> dict[str, tf.Tensor]:
    """The options that name further styles and their weights, checked against one another."""
    more, sizes = options["more_styles"], options["more_style_sizes"]
    count, height, width, _ = tf.unstack(tf.shape(more))
    rule = f"more_styles: must be at most {MAX_STYLES - 1} pictures, got "
    more = validation.required(more, count < MAX_STYLES, rule, tf.as_string(count))
    rule = "more_style_sizes: must have a row for each of more_styles, "
    rows = tf.shape(sizes)[0]
    sizes = validation.required(sizes, rows == count, rule, tf.as_string(count), ", got ", tf.as_string(rows))
    rule = "more_style_sizes: must be at most the size of more_styles, "
    fits = tf.reduce_all(sizes <= tf.stack([height, width]))
    words = [tf.as_string(height), " x ", tf.as_string(width), ", got ", validation.words(sizes)]
    sizes = validation.required(sizes, fits, rule, *words)
    pixels = [tf.reduce_prod(tf.cast(tf.shape(each)[:-1], tf.int64)) for each in (first, more)]
    rule = f"more_styles: all styles together must have at most {limits.max_pixels} pixels, got "
    more = validation.required(more, sum(pixels) <= limits.max_pixels, rule, tf.as_string(sum(pixels)))
    return {"more_styles": more, "more_style_sizes": sizes, "blend": _blend(options["blend"], 1 + count)}


def checked_scale(value: tf.Tensor, styles: Styles, content: tf.Tensor, limits: Limits) -> tf.Tensor:
    """A style's longest side over the content's, or 0: no style may grow beyond what a picture may have."""
    sizes = tf.cast(styles.sizes, tf.float64)
    longest = tf.cast(tf.reduce_max(tf.shape(content)[:2]), tf.float64)
    factor = tf.cast(value, tf.float64) * longest / tf.reduce_max(sizes, axis=1)
    pixels = tf.cast(tf.reduce_max(tf.reduce_prod(sizes, axis=1) * factor**2), tf.int64)
    rule = f"style_scale: must leave every style at most {limits.max_pixels} pixels, got "
    words = [tf.as_string(value, shortest=True), ", which makes ", tf.as_string(pixels)]
    return validation.required(value, pixels <= limits.max_pixels, rule, *words)


def _blend(value: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
    """A weight for each style: float32[count]."""
    rule = "blend: must have a weight for each of the styles, "
    words = [tf.as_string(count), ", got ", tf.as_string(tf.size(value))]
    value = validation.required(value, (tf.size(value) == 0) | (tf.size(value) == count), rule, *words)
    rule = "blend: must have a weight above 0, got "
    value = validation.required(value, (tf.size(value) == 0) | tf.reduce_any(value > 0), rule, validation.words(value))
    return tf.ensure_shape(tf.cond(tf.size(value) == 0, lambda: tf.ones([count]), lambda: value), [None])
