"""Models that look like ours, with a card of ours, and each have one fault that only a run shows."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import tensorflow as tf

from nst_export.saved_model.model_card import CARD_FILE

PICTURE = tf.TensorSpec([None, None, 3], tf.uint8)
COUNT = tf.TensorSpec([], tf.int32, "iterations")
INPUTS = (
    tf.TensorSpec(PICTURE.shape, PICTURE.dtype, "content"),
    tf.TensorSpec(PICTURE.shape, PICTURE.dtype, "style"),
    COUNT,
)


def falling(iterations: tf.Tensor) -> tf.Tensor:
    """Losses as they should be: float32[iterations, 4]."""
    total = 1 / tf.cast(tf.range(1, iterations + 1), tf.float32)
    return tf.stack([total, total, tf.zeros_like(total), tf.zeros_like(total)], axis=1)


class Good(tf.Module):
    """Paints nothing, and does that well."""

    def losses(self, content: tf.Tensor, iterations: tf.Tensor) -> tf.Tensor:
        return falling(iterations)

    @tf.function(input_signature=INPUTS, autograph=False)
    def stylize(self, content: tf.Tensor, style: tf.Tensor, iterations: tf.Tensor) -> dict[str, tf.Tensor]:
        with tf.control_dependencies([tf.debugging.assert_greater(tf.size(style), 0)]):
            return {"image": tf.identity(content), "losses": self.losses(content, iterations)}


class Rising(Good):
    """The loss rises."""

    def losses(self, content, iterations):
        return falling(iterations)[::-1]


class NotFinite(Good):
    """The loss is no number."""

    def losses(self, content, iterations):
        return falling(iterations) * float("nan")


class Unsummed(Good):
    """The total is not the sum of the losses."""

    def losses(self, content, iterations):
        return falling(iterations) * [1.0, 0.5, 0.0, 0.0]


class Deaf(Good):
    """XLA compiles its loop, which a deadline does not stop."""

    @tf.function(jit_compile=True, autograph=False)
    def busy(self, iterations):
        start = tf.ones([256, 256]) / 256
        return tf.while_loop(lambda i, x: i < iterations, lambda i, x: (i + 1, x @ start), (0, start))[1]

    def losses(self, content, iterations):
        rounds = iterations * tf.size(content) // 60  # in proportion to the picture, as verify takes it
        return falling(iterations) + self.busy(rounds)[0, 0] * 1e-30  # what nobody uses is not computed


class Sharing(Good):
    """Keeps the picture of a run in a variable, where another run overwrites it."""

    def __init__(self):
        super().__init__()
        self.kept = tf.Variable(tf.zeros([]), name="kept")

    def losses(self, content, iterations):
        mine = tf.cast(content[3, 3, 0], tf.float32)
        with tf.control_dependencies([self.kept.assign(mine)]):
            product = tf.ones([700, 700]) * mine
            for _ in range(4):
                product = tf.matmul(product, product) * 1e-9
        with tf.control_dependencies([product]):
            return falling(iterations) * self.kept.read_value() + product[0, 0] * 1e-30


MODULES: Mapping[str, type[Good]] = {one.__name__: one for one in (Good, Rising, NotFinite, Unsummed, Deaf, Sharing)}


MAX_ITERATIONS = 100  # there is one that does not stop before


def write_impostor(name: str, folder: Path, version_of_ours: Path, **limits: int) -> Path:
    """A version with the module `name` and the card of one of ours; `limits` are the card's."""
    module = MODULES[name]()
    tf.saved_model.save(module, str(folder), signatures={"serving_default": module.stylize})
    (folder / CARD_FILE).parent.mkdir(exist_ok=True)
    shutil.copy(version_of_ours / CARD_FILE, folder / CARD_FILE)
    card = json.loads((folder / CARD_FILE).read_text())
    card["limits"] |= {"max_iterations": MAX_ITERATIONS} | limits
    (folder / CARD_FILE).write_text(json.dumps(card))
    return folder
