"""What the student sees: crops at many scales, mixed, recoloured, stretched and made noisy.

The optimisation of a picture leaves natural pictures behind, and the student must follow the teacher there.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from training.picture_cache import Pictures

LARGEST_REDUCTION = 4.0  # a crop shows up to so many times its side


class Crops:
    """A source of training pictures; the n-th batch is always the same."""

    def __init__(self, pictures: Pictures, *, seed: int = 0) -> None:
        """Draws from `pictures`, each source as often as its share says."""
        self._pictures, self._seed = pictures, seed
        sources = np.array([entry.source for entry in pictures.entries])
        opaque = np.array([entry.channels == 3 for entry in pictures.entries])
        counts = np.bincount(sources, minlength=len(pictures.shares))
        weights = np.asarray(pictures.shares)[sources] / counts[sources]
        self._chances = weights / weights.sum()
        self._opaque_chances = np.where(opaque, weights, 0) / weights[opaque].sum()

    def batch(self, number: int, *, size: int, side: int) -> np.ndarray:
        """uint8[size, side, side, 3]."""
        rng = np.random.default_rng([self._seed, number])
        return np.stack([self._sample(rng, side) for _ in range(size)])

    def _sample(self, rng: np.random.Generator, side: int) -> np.ndarray:
        picture = self._crop(rng, side)
        if rng.random() < 0.2:
            share = rng.uniform(0.2, 0.8)
            picture = share * picture + (1 - share) * self._crop(rng, side)
        if rng.random() < 0.25:
            picture = picture[..., rng.permutation(3)]
        if rng.random() < 0.4:
            mean = picture.mean((0, 1))
            picture = (picture - mean) * rng.uniform(0.5, 1.8) + mean + rng.normal(0, 25, 3)
        if rng.random() < 0.3:
            picture = picture + rng.normal(0, rng.uniform(0, 30), picture.shape)
        return np.clip(np.round(picture), 0, 255).astype(np.uint8)

    def _crop(self, rng: np.random.Generator, side: int) -> np.ndarray:
        """float32[side, side, 3]; a picture with holes lies on another one."""
        picture = self._pictures[int(rng.choice(len(self._chances), p=self._chances))]
        crop = cut(picture, rng, side)
        if crop.shape[2] == 3:
            return crop
        below = self._pictures[int(rng.choice(len(self._chances), p=self._opaque_chances))]
        opacity = crop[..., 3:] / 255
        return np.asarray(opacity * crop[..., :3] + (1 - opacity) * cut(below, rng, side))


def cut(picture: np.ndarray, rng: np.random.Generator, side: int) -> np.ndarray:
    """A square somewhere in `picture`, at some scale, perhaps mirrored or turned: float32[side, side, channels]."""
    shortest = min(picture.shape[:2])
    largest = min(shortest, LARGEST_REDUCTION * side)
    # Evenly over the logarithm of the scale; a picture smaller than the crop is enlarged.
    extent = float(np.exp(rng.uniform(np.log(min(0.8 * side, largest)), np.log(largest))))
    top, left = rng.uniform(0, picture.shape[0] - extent), rng.uniform(0, picture.shape[1] - extent)
    y, x, reach = int(top), int(left), int(extent) + 1
    patch = Image.fromarray(picture[y : y + reach, x : x + reach])
    box = (0, 0, min(extent, patch.width), min(extent, patch.height))
    crop = np.asarray(patch.resize((side, side), Image.Resampling.BICUBIC, box=box, reducing_gap=2.0), np.float32)
    if rng.random() < 0.5:
        crop = crop[:, ::-1]
    return np.rot90(crop, int(rng.integers(1, 4))) if rng.random() < 0.25 else crop
