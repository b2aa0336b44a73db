"""Inputs to try a signature with: those of the contract by their names, else what a warm-up request has, else zeros."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from nst_export.saved_model.messages import meta_graph_pb2, predict_pb2
from nst_export.saved_model.tensor_values import shape_of
from nst_export.toolkit.inspection import DEFAULT_SIGNATURE
from nst_export.verification.finding import DoesNotApply

Arrays = Mapping[str, np.ndarray]

SIDE = 64  # pixels of a square picture: an iteration of the whole network takes a few hundredths of a second
ITERATIONS = 2
LARGEST_SAMPLE = 2**24  # elements


def picture(seed: int, side: int) -> np.ndarray:
    """Soft waves in other directions for each seed: uint8[side, side, 3]."""
    y, x = np.mgrid[0:side, 0:side] / 16
    waves = np.stack([np.sin(x * (1 + seed) + c * y) + np.cos(y * (2 + c) - seed * x) for c in range(3)], axis=-1)
    return np.asarray(np.clip(127 + 50 * waves, 0, 255), np.uint8)


def texture(seed: int, side: int) -> np.ndarray:
    """Hard coloured squares, as unlike the waves as can be, so that a loss has far to fall: uint8[side, side, 3]."""
    squares = np.random.default_rng(seed).choice(np.array([0, 255], np.uint8), [-(-side // 4), -(-side // 4), 3])
    return squares.repeat(4, axis=0).repeat(4, axis=1)[:side, :side]


def contract_inputs(side: int = SIDE, *, seed: int = 0, iterations: int = ITERATIONS) -> dict[str, Any]:
    """All inputs of our signatures that have no default, except the state."""
    content, style = picture(seed, side), texture(seed, side)
    return {
        "content": content,
        "style": style,
        "image": picture(seed + 2, side),
        "content_bytes": as_texts(tf.io.encode_png(content).numpy()),
        "style_bytes": as_texts(tf.io.encode_png(style).numpy()),
        "iterations": np.array(iterations, np.int32),
        "size": np.array(0, np.int32),
    }


def as_texts(value: Any) -> np.ndarray:
    """Texts as a session takes them: numpy's own type cuts zeros off their ends."""
    return np.array(value, dtype=object)


def made_up(
    name: str, definition: meta_graph_pb2.SignatureDef, warmup: list[predict_pb2.PredictRequest], fill: int
) -> Arrays:
    """The inputs without a default: those of a warm-up request if there is one, else `fill` everywhere."""
    for request in warmup:
        if (request.model_spec.signature_name or DEFAULT_SIGNATURE) == name:
            return {alias: array_of(tensor) for alias, tensor in request.inputs.items()}
    required = [alias for alias in sorted(definition.inputs) if alias not in definition.defaults]
    return {alias: _filled(alias, definition.inputs[alias], fill) for alias in required}


def array_of(tensor: Any) -> np.ndarray:
    """The value of a message."""
    value = np.asarray(tf.make_ndarray(tensor))
    return value.astype(object) if value.dtype.kind in "SU" else value


def _filled(alias: str, info: meta_graph_pb2.TensorInfo, fill: int) -> np.ndarray:
    shape = [1 if length is None else length for length in shape_of(info.tensor_shape) or ()]
    if not info.name:
        raise DoesNotApply(f"{alias} is not a plain tensor")
    if math.prod(shape) > LARGEST_SAMPLE:
        raise DoesNotApply(f"{alias} has {math.prod(shape):,} elements")
    dtype = tf.as_dtype(info.dtype)
    return np.full(shape, b"", object) if dtype == tf.string else np.full(shape, fill, dtype.as_numpy_dtype)
