"""The README's pictures, made by the product from the demo's own drawings: `make pictures` makes them anew.

That is the demo and two runs more, six minutes on two cores. Processors differ in the last bits of a picture, so
that no test compares them.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from nst_client.files.pictures import read_picture
from nst_client.files.plots import write_strip
from tests.documents import ROOT

NST = [sys.executable, "-m", "nst_client"]
RUN = ["--iterations=150", "--size=384"]
# The result at each style weight; the demo's own has the default, 1.
RESULTS = {0.3: "weak.png", 1: "stylised.png", 3: "strong.png"}
QUALITY = {"demo.jpg": 93, "style_weights.jpg": 80}  # of JPEG: below 200 kB and 125 kB


def make_pictures(folder: Path, destination: Path) -> None:
    """Writes what QUALITY names.

    Args:
        folder: for the model and the pictures in full quality.
        destination: of the README's pictures.
    """
    subprocess.run([*NST, "demo", folder, *RUN], check=True)
    pair = [folder / "content.png", folder / "style.png"]
    for weight in (0.3, 3):
        files = [*pair, "--output", folder / RESULTS[weight], "--model-dir", folder / "model"]
        subprocess.run([*NST, "stylize", *files, f"--style-weight={weight}", *RUN], check=True)
    write_strip(folder / "style_weights.png", [read_picture(folder / name).pixels for name in RESULTS.values()])
    for strip, name in (("strip.png", "demo.jpg"), ("style_weights.png", "style_weights.jpg")):
        Image.open(folder / strip).convert("RGB").save(destination / name, quality=QUALITY[name], optimize=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        make_pictures(Path(folder), ROOT / "client")
