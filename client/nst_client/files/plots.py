"""Pictures about pictures: the loss curve and the strip."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from nst_client.contract import LOSS_COLUMNS
from nst_client.files.pictures import Picture, write_picture

GAP = 8  # pixels of white between the pictures of a strip


def write_strip(file: Path, pictures: Sequence[np.ndarray]) -> None:
    """Writes pictures, uint8[height, width, 3], side by side, scaled to the height of the first."""
    height = pictures[0].shape[0]
    widths = [max(1, round(pixels.shape[1] * height / pixels.shape[0])) for pixels in pictures]
    scaled = [
        Image.fromarray(pixels).resize((width, height), Image.Resampling.LANCZOS)
        for pixels, width in zip(pictures, widths, strict=True)
    ]
    width = sum(image.width for image in scaled) + GAP * (len(scaled) - 1)
    strip = Image.new("RGB", (width, height), "white")
    left = 0
    for image in scaled:
        strip.paste(image, (left, 0))
        left += image.width + GAP
    write_picture(file, Picture(np.asarray(strip)))


def lowest_shown(losses: np.ndarray) -> float:
    """A tenth of the smallest loss at the end, so that a content loss that begins at next to nothing flattens no curve.

    0 where no loss at the end is positive.
    """
    last = losses[-1]
    return min(last[(last > 0) & np.isfinite(last)], default=0) / 10


def write_loss_plot(file: Path, losses: np.ndarray) -> None:
    """Writes the curves of float32[iterations, 4] as any picture, losses on a logarithmic scale."""
    from matplotlib.figure import Figure  # half a second that nothing else should wait for

    figure = Figure(figsize=(8, 5), dpi=100, layout="constrained")
    axes = figure.subplots()
    for column, name in zip(losses.T, LOSS_COLUMNS, strict=True):
        positive = np.where((column > 0) & np.isfinite(column), column, np.nan)
        if np.isfinite(positive).any():  # a logarithmic axis has no place for a loss that is switched off
            marker = "o" if len(losses) == 1 else None  # one point makes no line
            axes.plot(positive, marker=marker, label=name.replace("_", " "), linewidth=2.5 if name == "total" else 1.2)
    axes.set(yscale="log", xlabel="iteration", ylabel="weighted loss", xlim=(0, max(1, len(losses) - 1)))
    axes.grid(alpha=0.3)
    if axes.lines:
        axes.legend()
        axes.set_ylim(bottom=max(axes.get_ylim()[0], lowest_shown(losses)))
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    write_picture(file, Picture(np.asarray(Image.open(buffer).convert("RGB"))))
