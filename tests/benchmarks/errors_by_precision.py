"""How far the errors of pictures painted in bfloat16 are from those painted in float32, beside chance.

    python -m tests.benchmarks.errors_by_precision CONTENT STYLE [--size 256] [--iterations 200] [--runs 5]
        [--presets nst eager gatys]

Needs PyTorch, as `time_to_quality` does. On the weights `trained` with max pooling. Each run begins from the content
with another pixel changed by one level, which nobody sees: what that alone does to the errors is chance. The errors are
what `evaluate` says in float32 of each picture: the mean of the five style errors, and the content error.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tests.benchmarks.time_to_quality import measured, model, picture

PRECISIONS = ("float32", "bfloat16")


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("content", type=Path)
    options.add_argument("style", type=Path)
    options.add_argument("--size", type=int, default=256)
    options.add_argument("--iterations", type=int, default=200)
    options.add_argument("--runs", type=int, default=5, help="of each precision")
    options.add_argument("--presets", nargs="+", default=["nst", "eager", "gatys"])
    arguments = options.parse_args()
    pictures = [picture(path, arguments.size) for path in (arguments.content, arguments.style)]
    models = {precision: model(precision) for precision in PRECISIONS}
    for preset in arguments.presets:
        rows: dict[str, list[tuple[float, float]]] = {precision: [] for precision in PRECISIONS}
        for content in starts(pictures[0], arguments.runs):
            for precision, painter in models.items():
                image = painter.stylize(content, pictures[1], arguments.iterations, preset=preset)["image"].numpy()
                errors = measured(models["float32"], pictures, 0, 0.0, image)
                rows[precision].append((errors.style, errors.content))
                print(f"{preset:12} {precision:10} style {errors.style:.5f} content {errors.content:.4f}", flush=True)
        report(preset, *(np.array(rows[precision]) for precision in PRECISIONS))


def starts(content: np.ndarray, runs: int) -> Iterator[np.ndarray]:
    """The content, and the content with a pixel changed by one level."""
    for number, (row, column) in enumerate(np.random.default_rng(0).integers(content.shape[:2], size=[runs, 2])):
        changed = content.copy()
        changed[row, column] ^= bool(number)
        yield changed


def report(preset: str, exact: np.ndarray, fast: np.ndarray) -> None:
    """Of errors, float64[runs, 2]: the means' ratio, its standard error, and how far runs of float32 lie apart."""
    means = exact.mean(axis=0)
    spread = np.hypot(*(errors.std(axis=0, ddof=1) / errors.mean(axis=0) for errors in (exact, fast)))
    ratios, uncertain = fast.mean(axis=0) / means, spread / len(exact) ** 0.5
    columns = (ratios - 1, uncertain, exact.min(axis=0) / means - 1, exact.max(axis=0) / means - 1)
    for what, more, error, least, most in zip(("style", "content"), *columns, strict=True):
        print(f"{preset:12} {what:8} bfloat16 {more:+.1%} beside float32, standard error {error:.1%}", end="; ")
        print(f"runs of float32 alone from {least:+.1%} to {most:+.1%}", flush=True)


if __name__ == "__main__":
    main()
