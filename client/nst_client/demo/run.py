"""`nst demo`: the whole way, from weights to a picture, through the same commands a person would type."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from nst_client.calls.style_client import StyleClient
from nst_client.demo.painting import draw_painting
from nst_client.demo.scene import draw_scene
from nst_client.demo.server import NST, embedded_server
from nst_client.display.displays import display_kind, open_display
from nst_client.display.events import Advanced, Started
from nst_client.errors import DemoFailed
from nst_client.files.pictures import Picture, check_writable, read_picture, write_picture
from nst_client.files.plots import write_loss_plot, write_strip
from nst_client.files.written import make_folder


def run_demo(folder: Path, *, weights: str, iterations: int, size: int) -> list[Path]:
    """Exports, serves, stylises, and returns the files made: content, style, result, strip, loss curve.

    Args:
        folder: where they go; the model goes to `model` in it.
        weights: as for `nst export`.
        iterations: updates of the picture.
        size: longest side in pixels.
    """
    files = [folder / f"{name}.png" for name in ("content", "style", "stylised", "strip", "losses")]
    content_file, style_file, result_file, strip_file, plot_file = files
    make_folder(folder)
    for file in files:
        check_writable(file)
    _say("Drawing a scene and a painting.")
    write_picture(content_file, Picture(np.asarray(draw_scene())))
    write_picture(style_file, Picture(np.asarray(draw_painting())))
    _say("Exporting a model: VGG19 and the whole optimisation loop as a SavedModel.")
    version_dir = Path(_command("export", str(folder / "model"), "--weights", weights, "--precision", "auto").strip())
    content, style = read_picture(content_file, size).pixels, read_picture(style_file, size).pixels
    with embedded_server(folder / "model") as server, StyleClient(server.address) as client:
        _say(f"Serving {version_dir} at {server.address}. Stylising: {iterations} iterations at {size} pixels.")
        kind = display_kind(quiet=False, as_json=False, is_terminal=sys.stderr.isatty())
        name = result_file.name
        with open_display(kind, title="The scene in the manner of the painting") as display:
            display.show(Started(name, 0, iterations))
            stylized = client.stylize(
                content,
                style,
                iterations=iterations,
                on_progress=lambda progress: display.show(Advanced(name, progress)),
            )
    write_picture(result_file, Picture(stylized.image), {"iterations": iterations, "weights": weights})
    write_strip(strip_file, [content, style, stylized.image])
    write_loss_plot(plot_file, stylized.losses)
    _say(f"Total loss {stylized.losses[0, 0]:.4g} to {stylized.losses[-1, 0]:.4g}. Look at:")
    return files


def _command(*arguments: str) -> str:
    done = subprocess.run([*NST, *arguments], stdout=subprocess.PIPE, text=True, errors="replace", check=False)
    if done.returncode:
        raise DemoFailed(f"`nst {' '.join(arguments)}` failed.", "Its own message above says why.")
    return done.stdout


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
