"""Draw the demo's content picture: an old river town in late-afternoon light, made of noise and polygons."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from nst_client.demo.drawing import OVERSAMPLE, Field, blend, fractal_noise, palette, smoothstep, sunlit

Outline = tuple[tuple[float, float], ...]

SEED, WATERLINE = 28, 0.68
# Rows of houses, back to front: lift above the shore, scale, gaps, trees in front, haze that settles on them.
ROWS = ((0.25, 0.46, 0.16, 45, 0.16), (0.155, 0.60, 0.12, 30, 0.16), (0.03, 0.84, 0.015, 10, 0.0))
SHADE, HAZE, STONE, FRAME, BRICK, SLATE = palette("7c82a0", "d8d4d0", "9c907c", "d6ccb6", "8c5c48", "5c6872")
ZENITH, HORIZON, CLOUD, SUNGLOW, WARMTH = palette("4c80c4", "f6e2c0", "a4a8b8", "ffe09a", "fff0d0")
FAR, MIDDLE, NEAR, MEADOW, RIVER = palette("7488a8", "647a70", "566638", "e4d88e", "36524e")
PLASTERS = palette("deb36b", "eddbb5", "d48a66", "e0b69c", "a6ad8a", "9caabc", "b46448", "e8e0d0", "d49c44")
TILES = palette("a25436", "904a34", "ac6442", "744c40", "8a5c48")
SHUTTERS = palette("3a5848", "3e506c", "743428", "66543e")
LEAVES = palette("526426", "66702a", "3e562a", "86702a", "4a5c30")


@dataclass(frozen=True)
class Stage:
    """The picture in progress, with the randomness, scale and surface textures all painters share."""

    pixels: Field
    rng: np.random.Generator
    unit: float
    shore: int
    surfaces: dict[str, Field]

    def pick(self, colours: list[Field]) -> Field:
        """Choose a colour and shift it slightly."""
        return colours[int(self.rng.integers(len(colours)))] * self.rng.normal(1, 0.04, 3)


@dataclass(frozen=True)
class House:
    """One building: a front facing the river and a flank that recedes to the right."""

    left: float
    right: float
    base: float
    eave: float
    ridge: float
    scale: float
    plaster: Field
    tile: Field


def laid_surface(rng: np.random.Generator, shape: tuple[int, int], course: float, joint: float) -> Field:
    """Colour of tiles or stones in staggered courses, each piece with its own tone and a shadowed edge."""
    y, x = np.ogrid[: shape[0], : shape[1]]
    row = (y / course).astype(int)
    across = x / (course * joint) + (row % 2) * 0.5
    tones = rng.normal(0, 0.04, (row.max() + 1, int(across.max()) + 1, 3))
    tones += rng.normal(0, 0.11, (*tones.shape[:2], 1))
    joints = (0.80 + 0.28 * (y / course - row)) * np.where(across % 1.0 < 0.16, 0.88, 1.0)
    weathering = 1.0 + 0.12 * fractal_noise(rng, shape, course * 9)
    return np.asarray((1.0 + tones[row, across.astype(int)]) * (joints * weathering)[..., None])


def make_surfaces(rng: np.random.Generator, shape: tuple[int, int], unit: float) -> dict[str, Field]:
    """Prepare picture-sized textures from which every wall, roof and tree takes a random cutting."""
    stains = fractal_noise(rng, shape, unit * 0.05) + fractal_noise(rng, shape, unit * 0.06, 4, stretch=0.12)
    return {
        "plaster": (rng.normal(1, 0.03, shape) + 0.055 * stains)[..., None],
        "tiles": laid_surface(rng, shape, unit * 0.0085, 0.9),
        "stone": laid_surface(rng, shape, unit * 0.0130, 2.1),
        "leaves": fractal_noise(rng, shape, unit * 0.020, 4)[..., None],
    }


def cutting(stage: Stage, surface: str, rows: int, cols: int) -> Field:
    """Cut a random piece out of a surface."""
    sheet = stage.surfaces[surface]
    row, col = stage.rng.integers(0, (sheet.shape[0] - rows + 1, sheet.shape[1] - cols + 1))
    return sheet[row : row + rows, col : col + cols]


def cover(stage: Stage, outline: Outline, repaint: Callable[[Field], Field]) -> None:
    """Replace what lies inside a polygon by a repainted version of it."""
    height, width = stage.pixels.shape[:2]
    xs, ys = zip(*outline, strict=True)
    left, right = max(math.floor(min(xs)), 0), min(math.ceil(max(xs)) + 1, width)
    top, bottom = max(math.floor(min(ys)), 0), min(math.ceil(max(ys)) + 1, height)
    if right > left and bottom > top:
        mask = Image.new("L", (right - left, bottom - top))
        ImageDraw.Draw(mask).polygon([(x - left, y - top) for x, y in outline], fill=1)
        patch = stage.pixels[top:bottom, left:right]
        patch[:] = blend(patch, repaint(patch), np.asarray(mask, np.float32))


def fill(stage: Stage, outline: Outline, tint: Field, surface: str = "plaster") -> None:
    """Cover a polygon with a tinted cutting of a surface."""
    cover(stage, outline, lambda patch: cutting(stage, surface, *patch.shape[:2]) * tint)


def darken(stage: Stage, outline: Outline) -> None:
    """Cast a shadow over a polygon."""
    cover(stage, outline, lambda patch: patch * SHADE)


def box(left: float, top: float, right: float, bottom: float) -> Outline:
    """Corners of an upright rectangle."""
    return (left, top), (right, top), (right, bottom), (left, bottom)


def paint_sky(stage: Stage) -> None:
    """Lay down a gradient warmed from the left and clouds lit on their sunward side."""
    rows, cols = stage.pixels.shape[:2]
    y, x = np.ogrid[:rows, :cols]
    height = y / stage.shore
    sky = blend(ZENITH, HORIZON, np.clip(height * 1.5, 0, 1) ** 0.7)
    sky = blend(sky, SUNGLOW, 0.8 * np.exp(-np.hypot(x / cols, (height - 0.5) * 0.9) * 2.8))
    density = fractal_noise(stage.rng, (rows, cols), stage.unit * 0.16, 8, stretch=2.8)
    light = smoothstep(-0.9, 0.6, sunlit(density, max(int(stage.unit * 0.03), 1)))
    stage.pixels[:] = blend(sky, blend(CLOUD, HORIZON * 1.1, light), 0.95 * smoothstep(-0.5, 1.4, density))


def veil(stage: Stage, top: float, amount: float) -> None:
    """Let haze settle on everything painted so far, thickest at the shore."""
    height = np.arange(len(stage.pixels))[:, None] / stage.shore
    stage.pixels[:] = blend(stage.pixels, HAZE, amount * smoothstep(top, 1.0, height))


def paint_hill(stage: Stage, height: float, relief: float, tint: Field) -> None:
    """Raise one wooded hill with meadows, lit from the left."""
    shape = rows, cols = stage.pixels.shape[0], stage.pixels.shape[1]
    woods = fractal_noise(stage.rng, shape, stage.unit * 0.014, 4, stretch=1.3)
    clearing = smoothstep(0.8, 1.0, fractal_noise(stage.rng, shape, stage.unit * 0.09, 5, stretch=3.0))
    wooded = np.clip(0.92 + 0.16 * sunlit(woods, 2), 0.4, 1.3)[..., None] * tint
    meadow = (1 + 0.04 * woods)[..., None] * (3 * tint + MEADOW) / 4
    skyline = height + relief * fractal_noise(stage.rng, (1, cols), stage.unit * 0.5, 7) - 0.003 * woods
    below = np.arange(rows)[:, None] - stage.shore + stage.unit * skyline
    stage.pixels[:] = blend(stage.pixels, blend(wooded, meadow, clearing), smoothstep(0.0, 2.0, below))


def window(stage: Stage, x: float, y: float, width: float, height: float, shutter: Field | None) -> None:
    """Set one framed window, its sill shadow and perhaps a pair of shutters into a wall."""
    rim, right, bottom = max(width * 0.16, 1.0), x + width, y + height
    if shutter is not None:
        fill(stage, box(x - width * 0.7, y, right + width * 0.7, bottom), shutter)
    darken(stage, box(x - rim, bottom, right + rim * 2, bottom + rim * 2.5))
    fill(stage, box(x - rim, y - rim, right + rim, bottom + rim), FRAME)
    fill(stage, box(x, y, right, bottom), SLATE * stage.rng.uniform(0.25, 0.9))
    fill(stage, box(x + width * 0.44, y, x + width * 0.52, bottom), FRAME)
    fill(stage, box(x, y + height * 0.38, right, y + height * 0.42), FRAME)
    darken(stage, box(x, y, right, y + height * 0.2))


def window_rows(stage: Stage, house: House) -> None:
    """Space windows evenly over the storeys of a front."""
    wall, width, pitch = house.base - house.eave, house.right - house.left, 0.040 * house.scale
    columns, storeys = max(round(width / pitch), 1), max(round(wall / (1.3 * pitch)), 1)
    shutter = stage.pick(SHUTTERS) if stage.rng.random() < 0.6 else None
    for place in range(columns * storeys):
        x = house.left + (place % columns + 0.5) * width / columns - pitch * 0.16
        y = house.eave + (place // columns + 0.28) * wall / storeys
        window(stage, x, y, pitch * 0.32, pitch * 0.62, shutter)


def gabled_house(stage: Stage, house: House) -> None:
    """Paint a house whose gable faces the river."""
    left, right, eave, ridge, over = house.left, house.right, house.eave, house.ridge, 0.010 * house.scale
    middle, depth, low = (left + right) / 2, over * 6, eave + 2 * over * (eave - ridge) / (right - left)
    fill(stage, box(right, eave - over, right + depth, house.base), house.plaster * SHADE)
    back = (middle + depth, ridge - over), (right + over + depth, low - over)
    fill(stage, ((middle, ridge), *back, (right + over, low)), house.tile * SHADE * 1.35, "tiles")
    fill(stage, box(left, eave, right, house.base), house.plaster)
    fill(stage, ((left, eave), (middle, ridge), (right, eave)), house.plaster)
    for end in (left - over, right + over):
        verge = (end, low), (middle, ridge - over * 0.4), (middle, ridge + over), (end, low + over)
        darken(stage, tuple((x, y + over) for x, y in verge))
        fill(stage, verge, house.tile * 1.15, "tiles")
    window_rows(stage, house)
    window(stage, middle - 0.6 * over, eave - 2.1 * over, 1.2 * over, 2.2 * over, None)


def long_house(stage: Stage, house: House) -> None:
    """Paint a house whose long roof slopes towards the river, with a brick chimney behind the ridge."""
    left, right, eave, ridge, over = house.left, house.right, house.eave, house.ridge, 0.007 * house.scale
    lean, stack = 4 * over, left + (right - left) * stage.rng.uniform(0.2, 0.9)
    flank = (right, eave), (right + lean, ridge), (right + 2 * lean, eave), (right + 2 * lean, house.base)
    fill(stage, (*flank, (right, house.base)), house.plaster * SHADE)
    fill(stage, box(stack, ridge - 3 * over, stack + 2 * over, ridge), BRICK, "stone")
    fill(stage, box(left, eave, right, house.base), house.plaster)
    low, top = eave + over, (left + lean - over, ridge)
    fill(stage, ((left - over, low), top, (right + lean, ridge), (right + over, low)), house.tile, "tiles")
    fill(stage, box(top[0], ridge - over * 0.5, right + lean, ridge + over * 0.4), house.tile * 1.3)
    darken(stage, box(left, eave + over * 0.7, right, eave + over * 2.6))
    window_rows(stage, house)


def house_row(stage: Stage, base: float, scale: float, gap: float) -> None:
    """Line up varied houses from left to right, each in the shadow of the taller one before it."""
    rng, x, previous, reach = stage.rng, -0.05 * scale, math.inf, 0.022 * scale
    while x < stage.pixels.shape[1]:
        width, wall, roof = rng.uniform((0.10, 0.10, 0.065), (0.17, 0.19, 0.10)) * scale
        eave = base - wall
        colours = stage.pick(PLASTERS), stage.pick(TILES)
        house = House(x, x + width, base, eave, eave - roof, scale, *colours)
        (gabled_house if rng.random() < 0.5 else long_house)(stage, house)
        if previous < eave:
            far_edge = (x + reach, eave + reach * 1.6), (x + reach, base)
            darken(stage, ((x, eave + reach * 0.3), *far_edge, (x, base)))
        x, previous = x + width + rng.exponential(gap) * scale, eave


def crown(stage: Stage, x: float, y: float, width: float, height: float, tint: Field) -> None:
    """Grow a tree crown with a ragged outline and a cast shadow, bright sunwards and dark beneath."""

    def foliage(patch: Field) -> Field:
        rows, cols = patch.shape[:2]
        v, u = np.linspace(-1.3, 1.3, rows)[:, None], np.linspace(-1.4, 1.6, cols)[None, :]
        leaf = cutting(stage, "leaves", rows, cols)[..., 0]
        light = np.clip(0.75 - 0.30 * u - 0.42 * v + 0.42 * sunlit(leaf, 3) + 0.10 * leaf, 0.16, 1.7)
        shaded = blend(patch, patch * SHADE, smoothstep(1.0, 0.9, np.hypot(u - 0.3, v - 0.1) + 0.17 * leaf))
        return blend(shaded, light[..., None] * tint, smoothstep(1.0, 0.94, np.hypot(u, v) + 0.17 * leaf))

    cover(stage, box(x - width, y - height, x + width * 1.15, y + height), foliage)


def church(stage: Stage, x: float, base: float, scale: float) -> None:
    """Raise a nave and a tower with a slate spire."""
    half, top, tip = 0.032 * scale, base - 0.32 * scale, base - 0.54 * scale
    eave, ridge = base - 0.15 * scale, base - 0.25 * scale
    long_house(stage, House(x, x + 0.26 * scale, base, eave, ridge, scale, PLASTERS[1], TILES[0]))
    fill(stage, box(x - half, top, x + half, base), STONE * 1.35, "stone")
    darken(stage, box(x + half * 0.45, top, x + half, base))
    fill(stage, ((x - half * 1.15, top), (x, tip), (x + half * 1.15, top)), SLATE, "tiles")
    darken(stage, ((x + half * 0.2, top), (x, tip), (x + half * 1.15, top)))
    window(stage, x - half * 0.4, top + 0.02 * scale, half * 0.6, 0.05 * scale, None)


def paint_town(stage: Stage) -> None:
    """Build the town back to front, with trees before each row and haze behind the next."""
    unit, shore, cols = stage.unit, stage.shore, stage.pixels.shape[1]
    for lift, scale, gap, trees, haze in ROWS:
        base, reach = shore - lift * unit, scale * unit
        house_row(stage, base, reach, gap)
        if lift == ROWS[1][0]:
            church(stage, cols * 0.62, base, 0.8 * unit)
        for _ in range(round(trees * cols / unit)):
            x, wide, slender = stage.rng.uniform((0, 0.035 * reach, 0.9), (cols, 0.075 * reach, 1.6))
            crown(stage, x, base - 0.7 * wide * slender, wide, wide * slender, stage.pick(LEAVES))
        veil(stage, 0.3, haze)
    fill(stage, box(0, shore - 0.035 * unit, cols, shore), STONE, "stone")
    darken(stage, box(0, shore - 0.008 * unit, cols, shore))


def paint_river(stage: Stage) -> None:
    """Mirror the town in water whose ripples widen towards the viewer."""
    rows, cols = stage.pixels.shape[:2]
    depth = rows - stage.shore
    y, x = np.ogrid[:depth, :cols]
    near = y / depth
    ripples = fractal_noise(stage.rng, (depth * 4, cols), stage.unit * 0.020, 3, stretch=6.0)
    swell = ripples[(near**0.6 * (depth * 4 - 1)).astype(int), x]
    source_y = stage.shore - 1 - y * 1.5 + swell * stage.unit * (0.0015 + 0.027 * near)
    blurred = (stage.pixels + np.roll(stage.pixels, 3, 0) + np.roll(stage.pixels, -3, 0)) / 3
    mirrored = blurred[np.clip(source_y, 0, stage.shore - 4).astype(int), x]
    water = blend(0.9 * mirrored, RIVER, np.clip(0.16 + 0.28 * near + 0.07 * swell, 0, 1))
    glint = 0.35 * smoothstep(1.2, 2.6, swell) * np.exp(-x / cols * 2.0)
    stage.pixels[stage.shore :] = blend(water, SUNGLOW, glint)


def develop(stage: Stage, width: int, height: int) -> Image.Image:
    """Turn the stage into a photograph: warm light, vignette, contrast, glow, grain, final size."""
    rows, cols = stage.pixels.shape[:2]
    y, x = np.ogrid[:rows, :cols]
    warm = blend(stage.pixels, stage.pixels * WARMTH * 1.15, 1 - 0.6 * x / cols)
    vignette = 1 - 0.3 * ((x / cols - 0.5) ** 2 + (y / rows - 0.5) ** 2)
    tone = np.clip(warm * vignette[..., None], 0, 1)
    picture = Image.fromarray((170 * tone + 85 * smoothstep(0, 1, tone)).astype(np.uint8))
    picture = Image.blend(picture, picture.filter(ImageFilter.GaussianBlur(stage.unit * 0.012)), 0.12)
    grain = stage.rng.normal(0, 2, (height, width, 1))
    grainy = np.asarray(picture.resize((width, height), Image.Resampling.LANCZOS)) + grain
    return Image.fromarray(np.clip(grainy, 0, 255).astype(np.uint8))


def draw_scene(width: int = 512, height: int = 384) -> Image.Image:
    """Draw the town at the given size; the same size always gives the same picture."""
    rng = np.random.default_rng(SEED)
    rows, cols = height * OVERSAMPLE, width * OVERSAMPLE
    unit, pixels = min(rows, cols * 0.75), np.zeros((rows, cols, 3), np.float32)
    stage = Stage(pixels, rng, unit, int(rows * WATERLINE), make_surfaces(rng, (rows, cols), unit))
    paint_sky(stage)
    for summit, relief, tint in ((0.46, 0.025, FAR), (0.39, 0.03, MIDDLE), (0.31, 0.025, NEAR)):
        paint_hill(stage, summit, relief, tint)
        veil(stage, -0.1, 0.5)
    paint_town(stage)
    paint_river(stage)
    return develop(stage, width, height)
