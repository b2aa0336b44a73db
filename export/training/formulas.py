"""Pictures from formulas: noise, dead leaves, gratings, and the demo's own drawings at other sizes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageDraw

from nst_client.demo.painting import draw_painting
from nst_client.demo.scene import draw_scene

SIDE = 320  # pixels
OVERSAMPLE = 2  # leaves are drawn larger and then shrunk, which smooths their edges


def drawn_pictures(count: int, *, demos: int, seed: int = 0) -> Iterator[np.ndarray]:
    """`count` pictures of each formula and `demos` of each demo drawing: uint8[height, width, 3]."""
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        yield coloured_noise(rng)
        yield dead_leaves(rng)
        yield gratings(rng)
    for number in range(demos):
        # A drawing of another size is another drawing; the demo's own, 512 wide, is not among them.
        width = 344 + 8 * number
        yield np.asarray(draw_scene(width, 3 * width // 4 + number % 5))
        yield np.asarray(draw_painting(width, 3 * width // 4 + number % 7))


def coloured_noise(rng: np.random.Generator) -> np.ndarray:
    """Noise whose amplitude falls as a power of the frequency, between 0.6 and 1.6; photographs have about 1."""
    frequency = np.fft.fftfreq(SIDE)
    radius = np.hypot(frequency[:, None], frequency[None, :])
    radius[0, 0] = np.inf
    spectrum = np.fft.fft2(rng.standard_normal((4, SIDE, SIDE))) / radius ** rng.uniform(0.6, 1.6)
    planes = np.real(np.fft.ifft2(spectrum))
    planes /= planes.std((1, 2), keepdims=True)
    common = rng.uniform(0.3, 0.9)
    mixed = np.sqrt(common) * planes[0] + np.sqrt(1 - common) * planes[1:]
    return _pixels(rng.uniform(70, 180, 3) + rng.uniform(30, 70) * np.moveaxis(mixed, 0, -1))


def dead_leaves(rng: np.random.Generator) -> np.ndarray:
    """Discs and polygons that cover one another, sizes by an inverse cube law (Lee, Mumford and Huang 2001)."""
    side = SIDE * OVERSAMPLE
    image = Image.new("RGB", (side, side), _colour(rng))
    brush = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(200, 2500))):
        radius = min(float(side) / 3, 4 * OVERSAMPLE / np.sqrt(1 - rng.random()))
        x, y = rng.uniform(0, side, 2)
        corners = int(rng.integers(3, 9))
        angles = np.sort(rng.uniform(0, 2 * np.pi, corners))
        if corners > 6:
            brush.ellipse((x - radius, y - radius, x + radius, y + radius), fill=_colour(rng))
        else:
            outline = [(x + radius * np.cos(a), y + radius * np.sin(a)) for a in angles]
            brush.polygon(outline, fill=_colour(rng))
    return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.LANCZOS))


def gratings(rng: np.random.Generator) -> np.ndarray:
    """A few waves bent by a smooth field, through a steep or a gentle curve: stripes, weaves, wood grain."""
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    coarse = Image.fromarray(rng.standard_normal((9, 9)).astype(np.float32))
    bend = np.asarray(coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC)) * rng.uniform(0, 25)
    picture = np.broadcast_to(rng.uniform(40, 215, 3), (SIDE, SIDE, 3)).copy()
    for _ in range(int(rng.integers(1, 4))):
        angle, length = rng.uniform(0, np.pi), np.exp(rng.uniform(np.log(4), np.log(60)))
        wave = np.sin((np.cos(angle) * x + np.sin(angle) * y + bend) * 2 * np.pi / length)
        picture += np.tanh(wave * np.exp(rng.uniform(-1, 2)))[..., None] * rng.normal(0, 45, 3)
    return _pixels(picture + rng.normal(0, rng.uniform(0, 12), picture.shape))


def _colour(rng: np.random.Generator) -> tuple[int, int, int]:
    grey = rng.uniform(20, 235)
    red, green, blue = np.clip(grey + rng.normal(0, 45, 3), 0, 255).astype(int).tolist()
    return red, green, blue


def _pixels(picture: np.ndarray) -> np.ndarray:
    return np.clip(np.round(picture), 0, 255).astype(np.uint8)
