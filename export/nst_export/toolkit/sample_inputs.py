"""Inputs for a call that nobody wrote: small pictures, numbers from 0 to 1, and a letter where a text is wanted."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from nst_export.saved_model.tensor_arrays import TEXTS, numpy_dtype
from nst_export.toolkit.report import Input, Signature
from nst_export.toolkit.value_files import COLOURS

OPEN_LENGTH = 1  # of an axis that may have any: often that of a batch
LARGEST_SAMPLE = 2**24  # elements of an input: a model may declare more than memory holds
HEIGHT, WIDTH = 96, 128  # pixels: small, and of three sizes of VGG19's deepest features at least


def sample_inputs(
    signature: Signature, pictures: Mapping[str, np.ndarray], numbers: Mapping[str, int], *, seed: int = 0
) -> dict[str, np.ndarray]:
    """A value for each required input, the same at every call; what has a default, or no such value, is left out.

    Args:
        signature: what is called.
        pictures: uint8[height, width, 3] for inputs of these names; others are made.
        numbers: for scalar inputs of these names.
        seed: each gives other values.
    """
    values = {}
    for one in signature.inputs:
        dtype = numpy_dtype(one.dtype)
        if not one.required or dtype is None or math.prod(length or 1 for length in one.shape or ()) > LARGEST_SAMPLE:
            continue
        values[one.name] = _value(one, dtype, pictures.get(one.name), numbers.get(one.name), seed)
    return values


def sample_picture(name: str, height: int = HEIGHT, width: int = WIDTH, *, seed: int = 0) -> np.ndarray:
    """A smooth picture with edges in it, another one for each name and seed: uint8[height, width, 3]."""
    generator = _generator(name, seed)
    y, x = np.mgrid[0:height, 0:width] / 16
    phases = generator.uniform(0, 2 * np.pi, (COLOURS, 2))
    waves = [np.sin((1 + c) * x + phases[c, 0]) + np.sign(np.sin(y + phases[c, 1])) for c in range(COLOURS)]
    picture: np.ndarray = np.clip(127 + 55 * np.stack(waves, axis=-1), 0, 255).astype(np.uint8)
    return picture


def _value(one: Input, dtype: np.dtype[Any], picture: np.ndarray | None, number: int | None, seed: int) -> np.ndarray:
    shape = (None, None, COLOURS) if one.shape is None and picture is not None else one.shape or ()
    if number is not None and shape == ():
        return np.array(number).astype(dtype)
    if len(shape) >= 3 and shape[-1] == COLOURS:
        height, width = (length or default for length, default in zip(shape[-3:-1], (HEIGHT, WIDTH), strict=True))
        fits = picture is not None and shape[-3:-1] in ((None, None), picture.shape[:2])
        pixels = picture if picture is not None and fits else sample_picture(one.name, height, width, seed=seed)
        levels = pixels if dtype.kind in "iu" else pixels / 255
        lengths = tuple(length or OPEN_LENGTH for length in shape[:-3])
        return np.broadcast_to(levels, (*lengths, *pixels.shape)).astype(dtype)
    lengths = tuple(OPEN_LENGTH if length is None else length for length in shape)
    if dtype == TEXTS:
        return np.full(lengths, chr(ord("a") + seed % 26).encode(), TEXTS)
    numbers = _generator(one.name, seed).uniform(0, 1, lengths)
    return np.asarray(numbers.round() if dtype.kind in "iub" else numbers).astype(dtype)


def _generator(name: str, seed: int) -> np.random.Generator:
    return np.random.default_rng([zlib.crc32(name.encode()), seed])
