"""How much more contrast a picture has at its border than inside, with zeros round it and with its edge repeated.

    python -m tests.benchmarks.seams CONTENT STYLE [--size 256] [--iterations 120]

Without a border of its own the network sees an edge round every picture, and paints one. The measure is the mean
absolute difference of neighbours, down and across, in the outermost pixels over that of the rest. What a photograph has
of itself stands beside it.
"""

from __future__ import annotations

import argparse
import typing
from pathlib import Path

import numpy as np

from nst_client.files.pictures import read_picture
from nst_export.weights import fill_weights
from nst_graph.choices import Padding
from nst_graph.limits import Limits
from nst_graph.presets import PRESETS
from nst_graph.style_transfer import StyleTransfer, network_for

BORDER = 8  # pixels


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("content", type=Path)
    options.add_argument("style", type=Path)
    options.add_argument("--size", type=int, default=256)
    options.add_argument("--iterations", type=int, default=120)
    arguments = options.parse_args()
    content, style = (read_picture(path, arguments.size).pixels for path in (arguments.content, arguments.style))
    network = network_for({"nst": PRESETS["nst"]}, pooling="max")
    fill_weights(network, "trained")
    print(f"content    {contrast_at_border(content):.2f}", flush=True)
    for padding in typing.get_args(Padding):
        presets = {"nst": PRESETS["nst"]._replace(padding=padding)}
        module = StyleTransfer(network, presets, limits=Limits(content.size, arguments.iterations))
        image = module.stylize(content, style, arguments.iterations)["image"].numpy()
        print(f"{padding:10} {contrast_at_border(image):.2f}", flush=True)


def contrast_at_border(image: np.ndarray) -> float:
    """Of uint8[height, width, 3]: 1 where the border is as rough as the rest."""
    grey = image.astype(np.float64).mean(axis=-1)
    down, across = np.abs(np.diff(grey, axis=0))[:, :-1], np.abs(np.diff(grey, axis=1))[:-1]
    rough = (down + across) / 2
    border = np.ones(rough.shape, bool)
    border[BORDER:-BORDER, BORDER:-BORDER] = False
    return float(rough[border].mean() / rough[~border].mean())


if __name__ == "__main__":
    main()
