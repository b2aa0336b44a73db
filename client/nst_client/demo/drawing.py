"""What both demo pictures are drawn with: colours, noise, blending and light."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Field = NDArray[np.floating[Any]]

OVERSAMPLE = 2  # both are drawn larger and then shrunk, which smooths their edges


def palette(*codes: str) -> list[Field]:
    """Read hexadecimal colours as arrays that are lit by multiplication."""
    return [np.frombuffer(bytes.fromhex(code), np.uint8) / 255 for code in codes]


def fractal_noise(
    rng: np.random.Generator, shape: tuple[int, int], cell: float, octaves: int = 5, stretch: float = 1.0
) -> Field:
    """Sum octaves of smooth noise, centred on 0 with unit spread; `stretch` elongates it sideways."""
    rows, cols = shape
    total = np.zeros(shape, np.float32)
    for octave in range(octaves):
        size = max(cell / 2**octave, 1.0)
        lattice = int(rows / size) + 2, int(cols / max(size * stretch, 1.0)) + 2
        coarse = Image.fromarray(rng.standard_normal(lattice, np.float32))
        total += np.asarray(coarse.resize((cols, rows), Image.Resampling.BICUBIC)) / 2**octave
    return np.asarray((total - total.mean()) / (total.std() + 1e-6))


def smoothstep(low: float, high: float, value: Field) -> Field:
    """Ease from 0 at `low` to 1 at `high`."""
    t: Field = np.clip((value - low) / (high - low), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def blend(base: Field, top: Field, weight: Field) -> Field:
    """Mix colour `top` over `base`; `weight` has one value per pixel."""
    return np.asarray(base + (top - base) * weight[..., None])


def sunlit(relief: Field, reach: int) -> Field:
    """Light a height field from the upper left: positive on slopes facing the sun."""
    return relief - np.pad(relief, ((reach, 0), (reach, 0)), mode="edge")[:-reach, :-reach]
