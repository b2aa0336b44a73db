"""The inputs that our own signatures are tried with. Those of others: `nst_export.toolkit.sample_inputs`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from nst_export.toolkit.sample_inputs import sample_picture

Arrays = Mapping[str, np.ndarray]

SIDE = 64  # pixels of a square picture: an iteration of the whole network takes a few hundredths of a second
ITERATIONS = 2


def texture(seed: int, side: int) -> np.ndarray:
    """Hard coloured squares, unlike a sample picture, so that a loss has far to fall: uint8[side, side, 3]."""
    squares = np.random.default_rng(seed).choice(np.array([0, 255], np.uint8), [-(-side // 4), -(-side // 4), 3])
    return squares.repeat(4, axis=0).repeat(4, axis=1)[:side, :side]


def contract_inputs(side: int = SIDE, *, seed: int = 0, iterations: int = ITERATIONS) -> dict[str, Any]:
    """All inputs of our signatures that have no default, except the state."""
    content, style = sample_picture("content", side, side, seed=seed), texture(seed, side)
    return {
        "content": content,
        "style": style,
        "image": sample_picture("image", side, side, seed=seed),
        "content_bytes": as_texts(tf.io.encode_png(content).numpy()),
        "style_bytes": as_texts(tf.io.encode_png(style).numpy()),
        "iterations": np.array(iterations, np.int32),
        "size": np.array(0, np.int32),
    }


def as_texts(value: Any) -> np.ndarray:
    """Texts as a session takes them: numpy's own type cuts zeros off their ends."""
    return np.array(value, dtype=object)
