"""Regions of the content that take their style from regions of the styles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import tensorflow as tf

from nst_graph import validation
from nst_graph.limits import MAX_REGIONS
from nst_graph.moments import sum_of_rows
from nst_graph.pixels import MAX_LEVEL
from nst_graph.resampling import resize, triangle
from nst_graph.styles import Styles

Tensors = Mapping[str, tf.Tensor]


class Guide(NamedTuple):
    """The regions at one layer's positions."""

    weights: tf.Tensor  # float32[positions, regions]: as `nst_graph.moments.moments` takes them
    shares: tf.Tensor  # float32[regions]: of all positions; 0 of a region that has no style

    # Of a picture without a mask the weights have no columns, and there is one region, with a share of 1.


GUIDE = Guide(tf.TensorSpec([None, None]), tf.TensorSpec([None]))


class Regions:
    """Of a checked request."""

    def __init__(self, options: Tensors, styles: Styles) -> None:
        self._content, self._styles, self._sizes = options["content_mask"], options["style_masks"], styles.sizes
        self._masked = tf.size(self._content) > 0
        self._guided = tf.size(self._styles) > 0
        self.weights = self._weights(options["blend"])  # float32[styles, regions]: what each style weighs in each

    @property
    def _styled(self) -> tf.Tensor:
        """Whether each region has a style: bool[regions]."""
        return tf.reduce_any(self.weights > 0, axis=0)

    def coverage(self) -> tf.Tensor:
        """How much of each place is in a region with a style: float32[height, width, 1], or [1, 1, 1] of ones."""

        def covered() -> tf.Tensor:
            styled = tf.cast(self._styled, tf.float32)
            total = tf.reduce_sum(_levels(self._content) * styled, axis=-1, keepdims=True)
            return tf.minimum(total, 1.0)

        return tf.ensure_shape(tf.cond(self._masked, covered, lambda: tf.ones([1, 1, 1])), [None, None, 1])

    def of_content(self, sizes: Sequence[tf.Tensor]) -> list[Guide]:
        """In several feature maps of the picture, by their heights and widths: int32[2] each."""
        return [self._guide(_resized(self._content, size)) for size in sizes]

    def of_style(self, number: tf.Tensor, sizes: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        """The weights of style `number`, int32[], in several of its feature maps, int32[2] each: see `Guide`."""

        def mask() -> tf.Tensor:
            height, width = tf.unstack(self._sizes[number])
            return self._styles[number, :height, :width]

        chosen = tf.cond(self._guided, mask, lambda: tf.zeros([1, 1, 0], tf.uint8))
        chosen = tf.ensure_shape(chosen, [None, None, None])
        return [_of_sum_one(_resized(chosen, size)) for size in sizes]

    def _guide(self, parts: tf.Tensor) -> Guide:
        """Takes how much of each position is in each region: float32[positions, regions]."""
        styled = tf.cast(self._styled, tf.float32)
        shares = tf.cond(
            self._masked,
            lambda: sum_of_rows(parts) / tf.cast(tf.shape(parts)[0], tf.float32) * styled,
            lambda: tf.ones([1]),
        )
        return Guide(_of_sum_one(parts), shares)

    def _weights(self, blend: tf.Tensor) -> tf.Tensor:
        styles, regions = tf.size(blend), tf.shape(self._content)[-1]

        def where_marked() -> tf.Tensor:
            rows, columns = (
                tf.sequence_mask(self._sizes[:, side], tf.shape(self._styles)[1 + side]) for side in (0, 1)
            )
            marked = (self._styles > 0) & rows[:, :, tf.newaxis, tf.newaxis] & columns[:, tf.newaxis, :, tf.newaxis]
            return blend[:, tf.newaxis] * tf.cast(tf.reduce_any(marked, axis=[1, 2]), tf.float32)

        def one_each() -> tf.Tensor:
            return tf.cond(regions > 1, lambda: tf.eye(styles), lambda: blend[:, tf.newaxis])

        return tf.ensure_shape(tf.cond(self._guided, where_marked, one_each), [None, None])


def checked_masks(options: Tensors, content: tf.Tensor, styles: Styles) -> dict[str, tf.Tensor]:
    """The masks and the strength, checked against the pictures: content is uint8[height, width, 3]."""
    mask, masks, blend = options["content_mask"], options["style_masks"], options["blend"]
    count, regions = styles.count, tf.shape(mask)[-1]
    given, guided = tf.size(mask) > 0, tf.size(masks) > 0
    mask = _of_size("content_mask", mask, content)
    rule = f"content_mask: must have at most {MAX_REGIONS} regions, got "
    mask = validation.required(mask, regions <= MAX_REGIONS, rule, tf.as_string(regions))
    mask = validation.required(mask, ~given | tf.reduce_any(mask > 0), "content_mask: must mark some place, got none")
    rule = "content_mask: must have one region, or without style_masks one for each of the styles, "
    words = [tf.as_string(count), ", got ", tf.as_string(regions)]
    mask = validation.required(mask, ~given | guided | (regions == 1) | (regions == count), rule, *words)
    alike = tf.reduce_all(blend == blend[:1])
    rule = "blend: must be left out where each region has a style of its own, got "
    mask = validation.required(mask, guided | (regions <= 1) | alike, rule, validation.words(blend))
    # A mask of everything is none: the picture is the same to the bit, and costs no more.
    everything = ~guided & (regions == 1) & tf.reduce_all(mask == tf.uint8.max)
    mask = tf.ensure_shape(tf.cond(everything, lambda: mask[:0, :0, :0], lambda: mask), [None, None, None])
    masks = _checked_style_masks(masks, given, regions, styles)
    checked = {**options, "content_mask": mask, "style_masks": masks}
    styled = tf.reduce_any(Regions(checked, styles).weights > 0)
    rule = "style_masks: must mark some place of a style, got none"
    return {
        "content_mask": validation.required(mask, styled, rule),
        "style_masks": masks,
        "strength": _of_size("strength", options["strength"], content),
    }


def _checked_style_masks(masks: tf.Tensor, masked: tf.Tensor, regions: tf.Tensor, styles: Styles) -> tf.Tensor:
    guided = tf.size(masks) > 0
    masks = validation.required(
        masks, ~guided | masked, "style_masks: must be left out without a content_mask, got some"
    )
    shape, largest = tf.shape(masks), tf.reduce_max(styles.sizes, axis=0)
    wanted = tf.stack([styles.count, largest[0], largest[1], regions])
    rule = "style_masks: must have a mask for each style, the size of the largest, and content_mask's regions, "
    fits = tf.reduce_all(shape[::3] == wanted[::3]) & tf.reduce_all(shape[1:3] >= wanted[1:3])
    return validation.required(masks, ~guided | fits, rule, validation.words(wanted), ", got ", validation.words(shape))


def _of_size(name: str, value: tf.Tensor, content: tf.Tensor) -> tf.Tensor:
    """A mask of the content's height and width, or an empty one."""
    fits = (tf.size(value) == 0) | tf.reduce_all(tf.shape(value)[:2] == tf.shape(content)[:2])
    rule = f"{name}: must have the height and width of content, "
    return validation.required(
        value, fits, rule, validation.size_words(content), ", got ", validation.size_words(value)
    )


def _resized(mask: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """uint8[height, width, regions] at the positions of another size: float32[positions, regions] in 0..1."""
    height, width = tf.unstack(size)
    return tf.reshape(resize(_levels(mask), height, width, triangle), [height * width, tf.shape(mask)[-1]])


def _of_sum_one(parts: tf.Tensor) -> tf.Tensor:
    return tf.math.divide_no_nan(parts, sum_of_rows(parts))


def _levels(mask: tf.Tensor) -> tf.Tensor:
    return tf.cast(mask, tf.float32) / MAX_LEVEL
