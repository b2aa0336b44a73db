"""The gallery of what goes where: `make gallery` makes its page and pictures anew, by the commands that it shows.

All pictures are this project's own: the demo's scene and painting, and a window of stained glass drawn here. A quarter
of an hour on two cores. Processors differ in the last bits of a picture, so that no test compares them.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from nst_client.demo.painting import draw_painting
from nst_client.demo.scene import draw_scene
from tests.documents import ROOT

PLACE = ROOT / "client" / "gallery"
RUN = ["--iterations", "120", "--size", "320"]
SKY = 0.34  # height of the horizon in the demo's scene
WIDTH = 320  # pixels of a picture on the page
QUALITY = 82  # of JPEG: below 40 kB each


class Row(NamedTuple):
    """A control: the arguments that are shown, the files that they read, and what the pictures show."""

    title: str
    runs: tuple[str, ...]  # arguments of `nst stylize` behind the content, each with a result of its own
    reads: tuple[str, ...]  # files shown beside the results
    words: str


ROWS = (
    Row(
        "Several styles",
        (
            "painting.png glass.png --blend 1,0",
            "painting.png glass.png --blend 0.5,0.5",
            "painting.png glass.png --blend 0,1",
        ),
        ("scene.png", "painting.png", "glass.png"),
        "From the painting's strokes to the window's panes; in the middle both, and colours of both.",
    ),
    Row(
        "Scale of the style",
        ("painting.png --style-scale 0.5", "painting.png --style-scale 1", "painting.png --style-scale 2"),
        ("scene.png", "painting.png"),
        "Fine strokes, strokes as large as in the painting, broad ones.",
    ),
    Row(
        "A region for each style",
        ("painting.png glass.png --mask sky_and_town.png",),
        ("scene.png", "sky_and_town.png", "painting.png", "glass.png"),
        "White takes the first style, black the second.",
    ),
    Row(
        "A part alone",
        ("glass.png --mask circle.png",),
        ("scene.png", "circle.png", "glass.png"),
        "Black keeps the content's pixels; the soft edge lies between.",
    ),
    Row(
        "Regions of the style",
        ("painting.png --mask sky_and_town.png --style-mask stars_and_fields.png",),
        ("scene.png", "sky_and_town.png", "painting.png", "stars_and_fields.png"),
        "Each colour of the mask takes the same colour of the style's mask: sky from sky, town from fields.",
    ),
    Row(
        "Colours",
        tuple(
            f"painting.png --color {color}"
            for color in ("style", "luminance", "match-cholesky", "match-pca", "match-symmetric")
        ),
        ("scene.png", "painting.png"),
        "The painting's colours; the scene's own, with strokes in light and dark alone; and the painting's moved to "
        "the scene's before, in three ways.",
    ),
    Row(
        "Strength",
        ("painting.png --strength from_left.png",),
        ("scene.png", "from_left.png", "painting.png"),
        "Black keeps the scene, white repaints it.",
    ),
)


def draw_glass(width: int = 512, height: int = 384, panes: int = 220, seed: int = 4) -> Image.Image:
    """A window of coloured panes between lines of lead."""
    generator = np.random.default_rng(seed)
    centres = generator.uniform((0, 0), (height, width), (panes, 2))
    y, x = np.mgrid[0:height, 0:width]
    distances = (y[..., None] - centres[:, 0]) ** 2 + (x[..., None] - centres[:, 1]) ** 2
    nearest = np.partition(distances, 1, axis=-1)[..., :2]
    colours = np.array([(200, 30, 40), (240, 150, 30), (250, 220, 80), (20, 120, 90), (120, 30, 110), (245, 240, 215)])
    glass = colours[generator.integers(0, len(colours), panes)][distances.argmin(axis=-1)].astype(float)
    glass *= (0.8 + 0.2 * np.sin(x / 9 + y / 13))[..., None]
    lead = np.sqrt(nearest[..., 1]) - np.sqrt(nearest[..., 0]) < 4
    return Image.fromarray(np.where(lead[..., None], 20, glass).clip(0, 255).astype(np.uint8))


def halves(height: float, size: tuple[int, int] = (512, 384)) -> Image.Image:
    """White above a horizon, black below."""
    mask = Image.new("L", size)
    ImageDraw.Draw(mask).rectangle((0, 0, size[0], size[1] * height), fill=255)
    return mask


def circle(size: tuple[int, int] = (512, 384)) -> Image.Image:
    """White in the middle, with a soft edge."""
    y, x = np.mgrid[0 : size[1], 0 : size[0]]
    away = np.hypot(x - size[0] * 0.6, y - size[1] * 0.5)
    return Image.fromarray((255 * (1 - (away - 110) / 30).clip(0, 1)).astype(np.uint8))


def draw_inputs(folder: Path) -> None:
    """Writes every file that a row reads."""
    draw_scene().save(folder / "scene.png")
    draw_painting().save(folder / "painting.png")
    draw_glass().save(folder / "glass.png")
    halves(SKY).save(folder / "sky_and_town.png")
    halves(0.55).save(folder / "stars_and_fields.png")
    circle().save(folder / "circle.png")
    Image.fromarray(np.tile(np.linspace(0, 255, 512).astype(np.uint8), (384, 1))).save(folder / "from_left.png")


def make_results(folder: Path) -> None:
    """Runs every command of the page, in one process each."""
    nst = [sys.executable, "-m", "nst_client"]
    subprocess.run([*nst, "export", "model", "--weights", "trained", "--precision", "bfloat16"], cwd=folder, check=True)
    for row in ROWS:
        for run in row.runs:
            arguments = ["scene.png", *shlex.split(run), "-o", result_of(run), *RUN, "--model-dir", "model"]
            subprocess.run([*nst, "stylize", *arguments], cwd=folder, check=True)


def result_of(run: str) -> str:
    """A file's name that says what made it."""
    return "_".join(word.lstrip("-").replace(".png", "").replace(",", "-") for word in run.split()) + ".png"


def write_page(folder: Path) -> None:
    """Writes the page, and beside it the pictures as JPEG."""
    PLACE.mkdir(exist_ok=True)
    lines = ["# What goes where", "", f"Made by `make gallery`; each run has `{' '.join(RUN)}` too."]
    for row in ROWS:
        lines += ["", f"## {row.title}", "", row.words, ""]
        lines += ["", *[_shown(folder, name, name.removesuffix(".png")) for name in row.reads], ""]
        for run in row.runs:
            lines += [f"`nst stylize scene.png {run} -o out.png`", "", _shown(folder, result_of(run), run), ""]
    text = "\n".join(lines).replace("\n\n\n", "\n\n")
    (PLACE / "README.md").write_text(text.rstrip() + "\n", encoding="utf-8")


def _shown(folder: Path, name: str, words: str) -> str:
    picture = Image.open(folder / name).convert("RGB")
    picture.thumbnail((WIDTH, WIDTH))
    file = PLACE / Path(name).with_suffix(".jpg")
    picture.save(file, quality=QUALITY, optimize=True)
    return f"![{words}]({file.name})"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        draw_inputs(Path(name))
        make_results(Path(name))
        write_page(Path(name))
