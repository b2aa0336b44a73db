"""Draw the demo's style picture: a moonlit valley in swirling impasto strokes that follow a flow field."""

import math
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from nst_client.demo.drawing import OVERSAMPLE, Field, fractal_noise, palette, smoothstep, sunlit

Labels = NDArray[np.intp]
Scalar = TypeVar("Scalar", bound=np.generic)


SEED = 7
STEPS = 14
BRISTLE = 0.0034
SKY, LIGHT, FAR, WHEAT, NEAR, STREAM, FLAME = range(7)
PIGMENTS = np.stack(
    [
        palette("101848", "18307c", "2450a8", "3478b8", "4ca0b0", "98c8b0", "f0e4b8"),
        palette("1c4494", "3480b0", "70bcb0", "d8dc9c", "f8d858", "f4c02c", "fff4cc"),
        palette("101840", "182c60", "1c4874", "2c6c80", "48908c", "80b090", "d0d098"),
        palette("4c3818", "80581c", "a87820", "cc9c28", "e4b838", "f4d868", "fcf0b0"),
        palette("0c1030", "10203c", "143848", "1c5050", "386c4c", "7c8c40", "d8b040"),
        palette("18306c", "2858a0", "3c84ac", "70b0b0", "b0d0b4", "f0e0a0", "fff4cc"),
        palette("060a1c", "0c1828", "102c2c", "184434", "30603c", "5c7c3c", "b09c3c"),
    ]
)
# Each light: horizontal and vertical place, radius and strength, all as fractions of the picture.
LIGHTS = (
    (0.37, 0.37, 0.072, 1.0),
    (0.13, 0.12, 0.040, 0.9),
    (0.60, 0.13, 0.026, 0.8),
    (0.93, 0.34, 0.024, 0.7),
)
# Each vortex: horizontal and vertical place, radius and spin.
VORTICES = (
    (0.40, 0.13, 0.10, -1.0),
    (0.66, 0.34, 0.11, 1.0),
    (0.10, 0.36, 0.09, 1.0),
    (0.80, 0.12, 0.07, -1.0),
)
# Each pass of the brush, a scrubbed-in ground and then coarse to fine: stroke width, length and overlap.
PASSES = (
    (0.020, 0.07, 2.0),
    (0.036, 0.16, 4.0),
    (0.022, 0.15, 2.4),
    (0.014, 0.11, 1.6),
    (0.008, 0.08, 0.4),
)


@dataclass(frozen=True)
class Sketch:
    """What the painter decides beforehand: per point a motif, a tone from 0 to 1 and a brush direction."""

    motif: Labels
    tone: Field
    angle: Field


@dataclass(frozen=True)
class Bristles:
    """The marks of one pass: a motif, a polyline, a colour and a paint thickness per bristle."""

    motif: Labels
    paths: Field
    colours: Field
    thickness: Field


def fitted(size: float, aspect: float) -> float:
    """Shrink a size for pictures narrower than the 4:3 the composition is made for."""
    return size * min(1.0, 0.75 * aspect)


def sketch_sky(x: Field, y: Field, aspect: float, noise: Field) -> Sketch:
    """Compose drifting air, whirls and lights ringed by halos."""
    wave = np.sin(5.0 * x / aspect + 1.0)
    east, south = np.ones_like(x), 0.45 * np.cos(5.0 * x / aspect + 1.0) + 0.25 * noise
    bands = np.exp(-(((y - 0.27 - 0.07 * wave) / 0.06) ** 2)) + 1.1 * smoothstep(0.30, 0.60, y + 0.02 * wave)
    tone = 0.20 + 0.11 * noise + 0.32 * bands
    for u, v, radius, spin in VORTICES:
        reach = fitted(radius, aspect)
        dx, dy = (x - u * aspect) / reach, (y - v) / reach
        away = np.hypot(dx, dy)
        pull = 5.0 * np.exp(-(away**2) / 1.6) * spin / (away + 0.3)
        east, south = east - pull * dy, south + pull * dx
        arms = np.sin(2 * np.arctan2(dy, dx) * spin - 5.0 * np.sqrt(away))
        tone = tone + (0.08 + 0.34 * arms) * np.exp(-(away**2) / 2.0)
    motif = np.full(tone.shape, SKY)
    for u, v, radius, strength in LIGHTS:
        reach = fitted(radius, aspect)
        dx, dy = (x - u * aspect) / reach, (y - v) / reach
        away = np.hypot(dx, dy)
        pull = 9.0 * np.exp(-(away**2) / 5.0) / (away + 0.2)
        east, south = east - pull * dy, south + pull * dx
        halo = strength * np.exp(-((away / 1.6) ** 2)) + 0.13 * np.cos(away * 5.0) * np.exp(-away / 2.5)
        glows = away < 3.0 + 0.4 * noise
        tone, motif = np.where(glows, 0.05 + halo, tone + 0.3 * halo), np.where(glows, LIGHT, motif)
    return Sketch(motif, tone, np.arctan2(south, east))


def ridge(x: Field, height: float, swell: float, pace: float, phase: float) -> Field:
    """Trace a rolling hilltop as y over x."""
    return np.asarray(height - swell * (np.sin(pace * x + phase) + 0.35 * np.sin(2.3 * pace * x + 2 * phase)))


def sketch_hills(sky: Sketch, x: Field, y: Field, noise: Field) -> Sketch:
    """Roll hills in front of the sky, moonlit along their crests, with brush directions along their backs."""
    motif, tone, angle = sky.motif, sky.tone, sky.angle
    hills = ((FAR, 0.60, 0.030, 4.2, 0.6), (WHEAT, 0.71, 0.028, 3.1, 2.6), (NEAR, 0.83, 0.040, 2.6, 4.4))
    for name, height, swell, pace, phase in hills:
        crest = ridge(x, height, swell, pace, phase)
        slope = (ridge(x + 0.01, height, swell, pace, phase) - crest) / 0.01
        below = y - crest
        covered = below > 0
        furrows = np.sin(70 * below + 3 * noise + 4 * x)
        lit = 0.30 + 0.62 * np.exp(-below / 0.035) + 0.14 * furrows + 0.10 * noise
        lit -= 0.8 * np.clip(below - 0.05, 0, 1)
        motif, tone = np.where(covered, name, motif), np.where(covered, lit, tone)
        angle = np.where(covered, np.arctan(1.6 * slope) + 0.5 * noise * np.clip(below * 8, 0, 1), angle)
    middle = (0.40 + 0.10 * np.sin(17 * np.sqrt(np.clip(y - 0.62, 0, 1)) + 0.4)) * x.max()
    across = (x - middle) / (0.004 + 0.42 * np.clip(y - 0.68, 0, 1) ** 1.25)
    wet = (np.abs(across) < 1) & (y > ridge(x, *hills[1][1:]) + 0.012)
    meander = np.arctan2(np.full(y.shape, 1.0 / len(y)), np.gradient(middle, axis=0))
    tone = np.where(wet, 0.50 + 0.28 * np.cos(9 * across + 4 * noise) - 0.5 * (y - 0.72), tone)
    return Sketch(np.where(wet, STREAM, motif), tone, np.where(wet, meander, angle))


def sketch_flames(land: Sketch, x: Field, y: Field, aspect: float, noise: Field) -> Sketch:
    """Let dark trees flicker up like flames in front of everything."""
    motif, tone, angle = land.motif, land.tone, land.angle
    for u, tip, foot, girth in ((0.835, 0.17, 1.02, 0.074), (0.715, 0.44, 0.95, 0.046)):
        climb = np.clip((foot - y) / (foot - tip), 0, 1)
        axis = u * aspect + 0.018 * np.sin(9 * climb + 6 * u)
        outline = (1 - climb) ** 0.7 * (0.55 + 0.8 * np.sin(math.pi * climb**0.7))
        half = fitted(girth, aspect) * (outline + 0.16 * (1 - climb) * np.sin(34 * y + 9 * u))
        across = (x - axis) / np.maximum(half, 1e-3)
        inside = (np.abs(across) < 1) & (climb > 0) & (climb < 1)
        streaks = 0.26 - 0.22 * across + 0.22 * np.sin(7 * across + 5 * noise)
        lick = -math.pi / 2 - 0.35 * across + 0.35 * np.sin(16 * y + 2 * across)
        motif = np.where(inside, FLAME, motif)
        tone, angle = np.where(inside, streaks, tone), np.where(inside, lick, angle)
    return Sketch(motif, tone, angle)


def make_sketch(rng: np.random.Generator, rows: int, cols: int) -> Sketch:
    """Compose the whole picture, measured in picture heights."""
    y, x = np.mgrid[:rows, :cols] / rows
    noise = fractal_noise(rng, (rows, cols), 0.16 * rows, 3)
    aspect = cols / rows
    return sketch_flames(sketch_hills(sketch_sky(x, y, aspect, noise), x, y, noise), x, y, aspect, noise)


def look_up(sheet: NDArray[Scalar], points: Field) -> NDArray[Scalar]:
    """Read a sheet at points given in pixels, staying within its border."""
    rows, cols = sheet.shape
    col, row = np.clip(points, 0, (cols - 1, rows - 1)).astype(int).T
    found: NDArray[Scalar] = sheet[row, col]
    return found


def heading(sketch: Sketch, points: Field) -> Field:
    """Read the brush direction at some points as unit vectors."""
    angle = look_up(sketch.angle, points)
    return np.stack([np.cos(angle), np.sin(angle)], -1)


def trace(sketch: Sketch, starts: Field, stride: Field, steps: int) -> Field:
    """Follow the brush direction from each start, passing behind nearer motifs, never over farther ones."""
    motif, point, path = look_up(sketch.motif, starts), starts, [starts]
    for _ in range(steps - 1):
        halfway = point + 0.5 * stride * heading(sketch, point)
        ahead = point + stride * heading(sketch, halfway)
        point = np.where((np.maximum(look_up(sketch.motif, ahead), LIGHT) >= motif)[:, None], ahead, point)
        path.append(point)
    return np.stack(path, 1)


def mix_colours(rng: np.random.Generator, motif: Labels, tone: Field, bristles: int) -> Field:
    """Choose each stroke's pigment by tone and let some bristles carry a neighbouring pigment."""
    strokes = len(motif)
    shade = tone * (PIGMENTS.shape[1] - 1) + rng.normal(0, 0.55, strokes)
    straying = rng.normal(0, 0.9, (strokes, bristles)) * (rng.random((strokes, bristles)) < 0.22)
    index = np.clip(np.rint(shade[:, None] + straying), 0, PIGMENTS.shape[1] - 1).astype(int)
    jitter = rng.normal(0, 0.028, (strokes, 1, 3)) + rng.normal(0, 0.018, (strokes, bristles, 1))
    return np.asarray(PIGMENTS[motif[:, None], index] + jitter)


def split_strokes(path: Field, width: float, bristles: int) -> Field:
    """Fan each stroke out into parallel bristles that close up towards its ends."""
    along = np.gradient(path, axis=1)
    normal = np.stack([-along[..., 1], along[..., 0]], -1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True) + 1e-6
    taper = np.sin(np.linspace(0.25, math.pi - 0.12, STEPS)) ** 0.5
    aside = width * np.linspace(-0.5, 0.5, bristles)[:, None] * taper
    return path[:, None] + normal[:, None] * aside[None, :, :, None]


def brush_pass(rng: np.random.Generator, sketch: Sketch, width: float, length: float, overlap: float) -> Bristles:
    """Plan one pass of strokes over the whole picture, leaving out those cut too short by a motif's edge."""
    rows, cols = sketch.motif.shape
    strokes = int(overlap * rows * cols / (width * length)) + 1
    seeds = rng.uniform((-width, -width), (cols + width, rows + width), (strokes, 2))
    stride = rng.uniform(0.6, 1.3, (strokes, 1)) * length / STEPS
    path = trace(sketch, trace(sketch, seeds, -stride, STEPS // 2)[:, -1], stride, STEPS)
    travelled = np.linalg.norm(np.diff(path, axis=1), axis=-1).sum(1)
    free = travelled > 0.5 * stride[:, 0] * STEPS
    path, seeds = path[free], seeds[free]
    bristles = max(round(width / (BRISTLE * fitted(rows, cols / rows))), 2)
    motif = look_up(sketch.motif, seeds)
    colours = mix_colours(rng, motif, look_up(sketch.tone, seeds), bristles)
    rim = 0.22 * np.abs(np.linspace(-1, 1, bristles)) ** 3
    load = rng.normal(0.4, 0.08, (len(seeds), 1))
    thickness = load + rim + rng.normal(0, 0.13, (len(seeds), bristles))
    paths = split_strokes(path, width, bristles).reshape(-1, STEPS * 2)
    return Bristles(np.repeat(motif, bristles), paths, colours.reshape(-1, 3), thickness.ravel())


def lay_paint(sketch: Sketch, passes: list[Bristles]) -> tuple[Field, Field]:
    """Drag all bristles over a thin ground, far motifs first; return the top paint's colour and thickness."""
    motif = np.concatenate([bristles.motif for bristles in passes])
    paths = np.concatenate([bristles.paths for bristles in passes]) * OVERSAMPLE
    colours = np.concatenate([bristles.colours for bristles in passes])
    thickness = np.concatenate([bristles.thickness for bristles in passes])
    rows, cols = sketch.motif.shape
    # The canvas holds the number of the topmost bristle, so one drawing serves colour and thickness alike.
    canvas = Image.new("I", (cols * OVERSAMPLE, rows * OVERSAMPLE), -1)
    brush = ImageDraw.Draw(canvas)
    hair = max(round(BRISTLE * fitted(rows, cols / rows) * OVERSAMPLE * 1.3), 1)
    for mark in np.argsort(motif, kind="stable").tolist():
        brush.line(paths[mark].tolist(), fill=mark, width=hair)
    top = np.asarray(canvas)
    tone = np.clip(sketch.tone * len(PIGMENTS[0]), 0, len(PIGMENTS[0]) - 1).astype(int)
    ground = 0.8 * PIGMENTS[sketch.motif, tone].repeat(OVERSAMPLE, 0).repeat(OVERSAMPLE, 1)
    painted = top >= 0
    return np.where(painted[..., None], colours[top], ground), np.where(painted, thickness[top], 0.0)


def light_impasto(rng: np.random.Generator, colour: Field, thickness: Field) -> Image.Image:
    """Light the ridges of the paint from the upper left."""
    rough = thickness + 0.05 * fractal_noise(rng, (thickness.shape[0], thickness.shape[1]), 6.0, 3)
    level = Image.fromarray((255 * np.clip(rough, 0, 1)).astype(np.uint8))
    smooth = np.asarray(level.filter(ImageFilter.GaussianBlur(0.8))) / 255
    relief = sunlit(smooth, 2)[..., None]
    gloss = 0.35 * np.clip(relief - 0.10, 0, 1)
    return Image.fromarray((255 * np.clip(colour * (1 + 0.9 * relief) + gloss, 0, 1)).astype(np.uint8))


def draw_painting(width: int = 512, height: int = 384) -> Image.Image:
    """Paint the valley at the given size; the same size always gives the same picture."""
    rng = np.random.default_rng(SEED)
    sketch = make_sketch(rng, height, width)
    unit = fitted(height, width / height)
    passes = [brush_pass(rng, sketch, wide * unit, long * unit, overlap) for wide, long, overlap in PASSES]
    colour, thickness = lay_paint(sketch, passes)
    return light_impasto(rng, colour, thickness).resize((width, height), Image.Resampling.LANCZOS)
