"""`nst stylize`: two picture files in, one out."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from nst_client.contract import LOSS_COLUMNS
from nst_client.pictures import Picture, check_writable, read_picture, write_picture
from nst_client.style_client import StyleClient, Stylized


def stylize_files(
    content_file: Path,
    style_file: Path,
    output_file: Path,
    *,
    client: StyleClient,
    iterations: int,
    size: int,
    numbers: Mapping[str, float],
    deadline_seconds: float | None,
) -> dict[str, Any]:
    """Reads both pictures, stylises them on the server and writes the result with its parameters.

    Alpha of the content comes back in the result. `numbers` are the weights and the learning rate
    that differ from the model's. Returns a report for programs.

    Raises:
        NstError: and nothing was written.
    """
    check_writable(output_file)
    content, style = read_picture(content_file, size), read_picture(style_file, size)
    height, width, _ = content.pixels.shape
    start = time.monotonic()
    console = Console(stderr=True)
    with console.status(f"{width} x {height} pixels, {iterations} iterations on {client.address}"):
        stylized = client.stylize(
            content.pixels, style.pixels, iterations=iterations, deadline_seconds=deadline_seconds, **numbers
        )
    seconds = time.monotonic() - start
    parameters: dict[str, Any] = {
        "content": content_file.name,
        "style": style_file.name,
        "model": client.model,
        "version": stylized.version,
        "iterations": iterations,
        "size": [width, height],
        **numbers,
    }
    write_picture(output_file, Picture(stylized.image, content.alpha), parameters)
    if content.alpha is not None and output_file.suffix.lower() in (".jpg", ".jpeg"):
        print("JPEG keeps no transparency: the picture is opaque.", file=sys.stderr)
    console.print(_summary(stylized, seconds))
    first, last = (dict(zip(LOSS_COLUMNS, map(float, row), strict=True)) for row in stylized.losses[[0, -1]])
    return {"output": str(output_file), **parameters, "seconds": seconds, "losses": {"first": first, "last": last}}


def _summary(stylized: Stylized, seconds: float) -> str:
    first, last = stylized.losses[0, 0], stylized.losses[-1, 0]
    return f"{len(stylized.losses)} iterations in {seconds:.1f} s; total loss {first:.4g} to {last:.4g}"
