"""How soon each recipe comes to its picture, beside neural-style-pt's recipe in PyTorch.

    python -m tests.benchmarks.time_to_quality CONTENT STYLE [--size 512] [--evaluations 500] \\
        [--precision bfloat16] [--only NAME ...] [--points rows.json] [--plot curves.png]

Needs PyTorch (`make torch`). One row at a time, on the weights `trained` with max pooling. A point is the seconds of
computing so far, without those of measuring, and what `evaluate` says in float32 of the picture: the mean of the five
style errors, and the content error. The first call of each graph is made beforehand.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch.nn import functional

from nst_export.weights import fill_weights
from nst_graph.evaluation import CONTENT_LAYER
from nst_graph.limits import Limits
from nst_graph.presets import PRESETS, STYLE_LAYERS
from nst_graph.style_transfer import StyleTransfer, network_for
from nst_graph.vgg19 import BLOCKS, IMAGENET_MEAN_BGR

REFERENCE = "neural-style-pt in PyTorch"
ONE_SIZE = "nst at one size"
EVALUATIONS = 500  # of the reference
STEP = 20  # iterations between two points


class Point(NamedTuple):
    """A picture on the way."""

    iterations: int
    seconds: float
    style: float
    content: float


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("content", type=Path)
    options.add_argument("style", type=Path)
    options.add_argument("--size", type=int, default=512)
    options.add_argument("--evaluations", type=int, default=EVALUATIONS)
    options.add_argument("--precision", default="bfloat16")
    options.add_argument("--only", nargs="*", default=[REFERENCE, "nst", ONE_SIZE, *list(PRESETS)[1:]])
    options.add_argument("--points", type=Path, help="a JSON file of all rows, read first: rows in it are kept")
    options.add_argument("--plot", type=Path)
    arguments = options.parse_args()
    pictures = [picture(path, arguments.size) for path in (arguments.content, arguments.style)]
    exact, fast = model("float32"), model(arguments.precision)
    curves = read(arguments.points) if arguments.points and arguments.points.exists() else {}
    for name in [name for name in arguments.only if name not in curves]:
        if name == REFERENCE:
            images = of_pytorch(exact, *pictures, arguments.evaluations)
        else:
            images = of_preset(fast, name, *pictures)
        curves[name] = [measured(exact, pictures, *image) for image in images]
        last = curves[name][-1]
        print(f"{name:28} {last.iterations:5} iterations {last.seconds:7.1f} s", end=" ")
        print(f"style {last.style:.4f} content {last.content:.4f}", flush=True)
        if arguments.points:
            arguments.points.write_text(json.dumps(curves), "utf-8")
    report(curves, arguments.plot)


def read(file: Path) -> dict[str, list[Point]]:
    return {name: [Point(*point) for point in points] for name, points in json.loads(file.read_text("utf-8")).items()}


def report(curves: Mapping[str, list[Point]], plot: Path | None) -> None:
    """Prints when each row is as good as the reference at its end, and draws all.

    A run that starts from the content begins without a content error and with a large style error. So both are asked
    of the same picture.
    """
    goal = curves[REFERENCE][-1] if REFERENCE in curves else None
    for name, points in curves.items() if goal else ():
        reached = [point for point in points if point.style <= goal.style and point.content <= goal.content]
        when = [f"after {at.iterations} iterations, {at.seconds / goal.seconds:.2f} of its time" for at in reached[:1]]
        print(f"{name:28} style and content no worse", *when or ["at no time"])
    if plot:
        draw(curves, plot)


def draw(curves: Mapping[str, list[Point]], path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 5), layout="constrained")
    for axes, what in zip(figure.subplots(1, 2), ("style", "content"), strict=True):
        for name, points in curves.items():
            axes.plot([point.seconds for point in points], [getattr(point, what) for point in points], label=name)
        axes.set(xlabel="seconds", ylabel=f"{what} error", yscale="log")
    axes.legend(fontsize="small")
    figure.savefig(path, dpi=110)


def picture(path: Path, size: int) -> np.ndarray:
    image = Image.open(path).convert("RGB")
    factor = size / max(image.size)
    return np.asarray(image.resize([round(side * factor) for side in image.size], Image.Resampling.LANCZOS))


def model(precision: str) -> StyleTransfer:
    network = network_for(PRESETS, pooling="max", precision=precision)
    fill_weights(network, "trained")
    return StyleTransfer(network, PRESETS, limits=Limits(2048 * 2048, 10_000))


def measured(
    exact: StyleTransfer, pictures: list[np.ndarray], iterations: int, seconds: float, image: np.ndarray
) -> Point:
    errors = exact.evaluate(*pictures, image)
    return Point(iterations, seconds, float(np.mean(errors["style_errors"])), float(errors["content_error"]))


def of_preset(
    module: StyleTransfer, name: str, content: np.ndarray, style: np.ndarray
) -> Iterator[tuple[int, float, np.ndarray]]:
    """Of as many iterations as the recipe has: iterations done, seconds, picture."""
    options = {"preset": name}
    if name == ONE_SIZE:
        options = {"preset": "nst", "sizes": [max(content.shape)]}
    state = module.stylize_start(content, style, **options)["state_bytes"]
    module.stylize_step(content, style, state, 1, **options)
    seconds, total = 0.0, min(PRESETS[options["preset"]].iterations, EVALUATIONS)
    for done in range(STEP, total + 1, STEP):
        began = time.perf_counter()
        outputs = module.stylize_step(content, style, state, STEP, **options)
        image, state = outputs["image"].numpy(), outputs["state_bytes"]
        seconds += time.perf_counter() - began
        yield done, seconds, image


def of_pytorch(
    module: StyleTransfer, content: np.ndarray, style: np.ndarray, evaluations: int
) -> Iterator[tuple[int, float, np.ndarray]]:
    """neural-style-pt as it comes: noise, L-BFGS with a history of 100, one evaluation an iteration."""
    weights = [torch.from_numpy(array) for array in kernels_and_biases(module)]
    torch.set_num_threads(os.cpu_count())
    with torch.no_grad():
        wanted = features(to_torch(content), weights)[CONTENT_LAYER]
        styles = [gram(features(to_torch(style), weights)[layer]) for layer in STYLE_LAYERS]
    generator = torch.Generator().manual_seed(0)
    image = 1e-3 * torch.randn(to_torch(content).shape, generator=generator)
    image.requires_grad_(True)
    optimiser = torch.optim.LBFGS([image], max_iter=1, history_size=100)

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        maps = features(image, weights)
        loss = 5.0 * functional.mse_loss(maps[CONTENT_LAYER], wanted)
        for layer, target in zip(STYLE_LAYERS, styles, strict=True):
            loss = loss + 100.0 * functional.mse_loss(gram(maps[layer]), target)
        down, across = image[:, :, 1:] - image[:, :, :-1], image[..., 1:] - image[..., :-1]
        loss = loss + 1e-3 * (down.abs().sum() + across.abs().sum())
        loss.backward()
        return loss

    seconds = 0.0
    for done in range(1, evaluations + 1):
        began = time.perf_counter()
        optimiser.step(closure)
        seconds += time.perf_counter() - began
        if done % STEP == 0:
            yield done, seconds, from_torch(image)


def kernels_and_biases(module: StyleTransfer) -> list[np.ndarray]:
    """In the order of VGG19; kernels as PyTorch has them."""
    arrays = [variable.numpy() for variable in module.variables]
    return [array.transpose(3, 2, 0, 1).copy() if array.ndim == 4 else array for array in arrays]


def features(image: torch.Tensor, weights: list[torch.Tensor]) -> dict[str, torch.Tensor]:
    """By layer, as far as the deepest that is needed."""
    maps, pairs = {}, iter(zip(weights[::2], weights[1::2], strict=True))
    for block, (depth, _) in enumerate(BLOCKS, 1):
        for index in range(1, depth + 1):
            image = functional.relu(functional.conv2d(image, *next(pairs), padding=1))
            maps[f"block{block}_conv{index}"] = image
            if f"block{block}_conv{index}" == STYLE_LAYERS[-1]:
                return maps
        image = functional.max_pool2d(image, 2)
    return maps


def gram(maps: torch.Tensor) -> torch.Tensor:
    rows = maps.flatten(2)[0]
    return rows @ rows.T / maps.numel()


def to_torch(image: np.ndarray) -> torch.Tensor:
    centred = image[..., ::-1].astype(np.float32) - np.float32(IMAGENET_MEAN_BGR)
    return torch.from_numpy(np.ascontiguousarray(centred.transpose(2, 0, 1)[np.newaxis]))


def from_torch(image: torch.Tensor) -> np.ndarray:
    centred = image.detach().numpy()[0].transpose(1, 2, 0) + np.float32(IMAGENET_MEAN_BGR)
    return np.clip(np.rint(centred[..., ::-1]), 0, 255).astype(np.uint8)


if __name__ == "__main__":
    main()
