"""Checks of inputs inside the graph: the server checks nothing of a request before it reaches an op.

A check returns its input behind the assertion, so that nothing is sized by a value that was not
checked. Every message starts with the input's name, the rule and the value received, because a
TensorFlow Serving client reads it as it is.
"""

from __future__ import annotations

import tensorflow as tf

from nst_graph.limits import MIN_SIDE, Limits
from nst_graph.options import Option

MAX_QUOTED_BYTES = 64


def picture(name: str, value: tf.Tensor, limits: Limits) -> tf.Tensor:
    """A picture that can be stylised: uint8[height, width, 3].

    `tf.ensure_shape` must be the first op on it: oneDNN's convolution aborts the whole process on a
    wrong rank, and an Assert on the rank is folded away against the declared shape.
    """
    value = tf.ensure_shape(value, [None, None, 3])
    return behind(value, _size_check(name, tf.shape(value)[0], tf.shape(value)[1], limits))


def picture_size(name: str, height: tf.Tensor, width: tf.Tensor, limits: Limits) -> tuple[tf.Tensor, tf.Tensor]:
    """A size, int32[] each, that a picture may be given."""
    check = _size_check(name, height, width, limits)
    return behind(height, check), behind(width, check)


def iteration_count(value: tf.Tensor, limits: Limits) -> tf.Tensor:
    """A number of iterations: int32[]."""
    return whole_number("iterations", value, 1, limits.max_iterations)


def whole_number(name: str, value: tf.Tensor, low: int, high: int) -> tf.Tensor:
    """An int32[] from `low` to `high`."""
    value = tf.ensure_shape(value, [])
    rule = f"{name}: must be a whole number from {low} to {high}, got "
    return behind(value, assertion((value >= low) & (value <= high), rule, tf.as_string(value)))


def option(row: Option, value: tf.Tensor) -> tf.Tensor:
    """The value of an optional input: each element within the row's range, or unset where a preset has its own."""
    value = _array_or_none(row, value) if len(row.shape) > 1 else tf.ensure_shape(value, row.shape)
    if row.dtype == "uint8":
        return value
    if row.choices:
        return _choice(row, value)
    above = value > row.minimum if row.exclusive_minimum else value >= row.minimum
    inside = tf.reduce_all(above & (value <= row.maximum))
    if row.default is None and not row.shape:
        inside |= value == row.unset
    digits = "d" if row.dtype == "int32" else "g"
    low = f"{row.minimum:{digits}}"
    low = f"above {low} and up to" if row.exclusive_minimum else f"from {low} to"
    rule = f"{row.name}: must be a number {low} {row.maximum:{digits}}, got "
    return behind(value, assertion(inside, rule, words(value)))


def _array_or_none(row: Option, value: tf.Tensor) -> tf.Tensor:
    """An array, whose open sides are 0 where there is none: in JSON that is `[]`, which has one dimension."""
    none = tf.zeros([0 if side is None else side for side in row.shape], row.dtype)
    return tf.ensure_shape(
        tf.cond(tf.size(value) == 0, lambda: none, lambda: tf.ensure_shape(value, row.shape)), row.shape
    )


def _choice(row: Option, value: tf.Tensor) -> tf.Tensor:
    known = tf.reduce_any(value == tf.constant([row.wire_default, *row.choices]))
    rule = f"{row.name}: must be one of {', '.join(row.choices)}, got "
    # Quoted as far as a message can bear it: anybody's bytes may come in.
    return behind(value, assertion(known, rule, tf.strings.substr(value, 0, MAX_QUOTED_BYTES)))


def same_size(name: str, value: tf.Tensor, other_name: str, other: tf.Tensor) -> tf.Tensor:
    """A picture of the height and width of another one."""
    same = tf.reduce_all(tf.shape(value)[:2] == tf.shape(other)[:2])
    rule = f"{name}: must have the height and width of {other_name}, "
    return behind(value, assertion(same, rule, size_words(other), ", got ", size_words(value)))


def assertion(condition: tf.Tensor, *words: str | tf.Tensor) -> tf.Operation:
    """Fails with INVALID_ARGUMENT and a text made of `words` unless `condition` holds."""
    return tf.debugging.Assert(condition, [tf.strings.join(words)])


def _size_check(name: str, height: tf.Tensor, width: tf.Tensor, limits: Limits) -> tf.Operation:
    pixels = tf.cast(height, tf.int64) * tf.cast(width, tf.int64)
    fits = (tf.minimum(height, width) >= MIN_SIDE) & (pixels <= limits.max_pixels)
    rule = f"{name}: height and width must be at least {MIN_SIDE} and at most {limits.max_pixels} pixels together, got "
    return assertion(fits, rule, _by(height, width))


def size_words(picture: tf.Tensor) -> tf.Tensor:
    """`height x width` of a picture: string[]."""
    return _by(tf.shape(picture)[0], tf.shape(picture)[1])


def _by(height: tf.Tensor, width: tf.Tensor) -> tf.Tensor:
    return tf.strings.join([tf.as_string(height), " x ", tf.as_string(width)])


def words(value: tf.Tensor) -> tf.Tensor:
    """A number, or several with blanks between them."""
    shortest = {"shortest": True} if value.dtype.is_floating else {}
    return tf.strings.reduce_join(tf.reshape(tf.as_string(value, **shortest), [-1]), separator=" ")


def behind(value: tf.Tensor, check: tf.Operation) -> tf.Tensor:
    """`value`, which no op sees before `check` has passed."""
    with tf.control_dependencies([check]):
        return tf.identity(value)


def required(value: tf.Tensor, condition: tf.Tensor, *words: str | tf.Tensor) -> tf.Tensor:
    """`value`, which no op sees unless `condition` holds: see `assertion`."""
    return behind(value, assertion(condition, *words))
