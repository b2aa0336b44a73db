"""The signatures of the contract: a row for each function that stylises."""

from __future__ import annotations

from typing import Literal, NamedTuple

import tensorflow as tf

from nst_graph.objective import Losses

PIXELS = tf.TensorSpec([None, None, 3], tf.uint8)  # a picture
FILE = tf.TensorSpec([], tf.string)  # JPEG or PNG
STATE = tf.TensorSpec([None], tf.string)
COUNT = tf.TensorSpec([], tf.int32)
LOSSES = tf.TensorSpec([None, len(Losses._fields)], tf.float32)  # a row for each iteration


class Signature(NamedTuple):
    """One function that stylises."""

    name: str
    reads: Literal["pixels", "files"]  # pictures come in and go out as pixels, or as files
    does: Literal["whole", "start", "step"]  # a whole run, the state before it, or some iterations of it
    takes_options: bool = True
    xla: bool = False  # XLA compiles the network

    @property
    def served_as(self) -> str:
        """The name in the SavedModel: TensorFlow Serving's own for what a request without a name means."""
        return "serving_default" if self.name == "stylize" else self.name

    @property
    def inputs(self) -> dict[str, tf.TensorSpec]:
        """The inputs that have no default."""
        pictures = {"content": PIXELS, "style": PIXELS}
        if self.reads == "files":
            pictures = {"content_bytes": FILE, "style_bytes": FILE}
        state = {"state_bytes": STATE} if self.does == "step" else {}
        iterations = {"iterations": COUNT} if self.does != "start" else {}
        size = {"size": COUNT} if self.reads == "files" else {}
        return pictures | state | iterations | size

    @property
    def outputs(self) -> dict[str, tf.TensorSpec]:
        """What comes out."""
        state = {"state_bytes": STATE} if self.does != "whole" else {}
        picture = {"image": PIXELS} if self.reads == "pixels" else {"image_bytes": FILE}
        losses = {"losses": LOSSES} if self.does != "start" else {}
        return state | picture | losses


# REST cannot leave an input out, so that a new option would break every caller of a signature that has options.
# `stylize_encoded` has none: it never gains an input, nor loses one.
SIGNATURES = (
    Signature("stylize", "pixels", "whole"),
    Signature("stylize_start", "pixels", "start"),
    Signature("stylize_step", "pixels", "step"),
    Signature("stylize_encoded", "files", "whole", takes_options=False),
    Signature("stylize_encoded_options", "files", "whole"),
    Signature("stylize_encoded_start", "files", "start"),
    Signature("stylize_encoded_step", "files", "step"),
)


def signatures(*, xla: bool) -> tuple[Signature, ...]:
    """The rows of an export; with `xla` all that iterate are there a second time, compiled."""
    compiled = [row._replace(name=f"{row.name}_xla", xla=True) for row in SIGNATURES if row.does != "start"]
    return (*SIGNATURES, *compiled) if xla else SIGNATURES
