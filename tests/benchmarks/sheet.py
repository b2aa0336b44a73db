"""A sheet of pictures: each pair painted by each preset, a row a pair.

    python -m tests.benchmarks.sheet MODEL_DIR FOLDER CONTENT STYLE [CONTENT STYLE ...] [--size 384]

The pictures go to FOLDER as well; those that are there are not made again. `nst` paints the iterations of its plan, the
published presets 500 each.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from PIL import Image, ImageDraw

from nst_graph.presets import PRESETS

ITERATIONS = dict.fromkeys(PRESETS, 500) | {"nst": PRESETS["nst"].iterations}
CAPTION_PIXELS = 14


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("model_dir", type=Path)
    options.add_argument("folder", type=Path)
    options.add_argument("pictures", type=Path, nargs="+")
    options.add_argument("--size", type=int, default=384)
    arguments = options.parse_args()
    pairs = list(zip(arguments.pictures[::2], arguments.pictures[1::2], strict=True))
    arguments.folder.mkdir(exist_ok=True)
    files = {
        (pair, preset): arguments.folder / f"{pair[0].stem}-{pair[1].stem}-{preset}.png"
        for pair in pairs
        for preset in PRESETS
    }
    for (pair, preset), file in files.items():
        if not file.exists():
            how = ["--preset", preset, "--iterations", str(ITERATIONS[preset]), "--size", str(arguments.size)]
            command = [*pair, "-o", file, "--model-dir", arguments.model_dir, *how, "--quiet"]
            subprocess.run([sys.executable, "-m", "nst_client", "stylize", *map(str, command)], check=True)
    _sheet([[files[pair, preset] for preset in PRESETS] for pair in pairs], arguments.size).save(
        arguments.folder / "sheet.png"
    )


def _sheet(rows: list[list[Path]], size: int) -> Image.Image:
    """Each picture in a square of its longest side, under its name."""
    cell = size + CAPTION_PIXELS
    sheet = Image.new("RGB", (size * len(rows[0]), cell * len(rows)), "white")
    draw = ImageDraw.Draw(sheet)
    for row, files in enumerate(rows):
        for column, file in enumerate(files):
            draw.text((column * size + 2, row * cell + 1), file.stem, fill="black")
            with Image.open(file) as picture:
                sheet.paste(picture.convert("RGB"), (column * size, row * cell + CAPTION_PIXELS))
    return sheet


if __name__ == "__main__":
    main()
