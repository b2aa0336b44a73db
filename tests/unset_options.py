"""What a server sends for the options that a caller leaves out."""

from __future__ import annotations

import tensorflow as tf

from nst_graph.options import Option, options_for


def unset_options(reads: str = "pixels") -> dict[str, tf.Tensor]:
    """Of signatures that read pictures as `pixels` or as `files`."""
    return {option.name: unset(option) for option in options_for(reads)}


def unset(option: Option) -> tf.Tensor:
    """Nothing where it is an array, else the default in the SavedModel."""
    if option.shape:
        return tf.zeros([0 if side is None else side for side in option.shape], option.dtype)
    return tf.constant(option.wire_default, option.dtype)
