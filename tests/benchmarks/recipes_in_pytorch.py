"""Three presets beside their systems' own arithmetic in PyTorch, loss by loss.

    python -m tests.benchmarks.recipes_in_pytorch [--iterations 20]

Needs PyTorch (`make torch`). Both compute on the tests' tiny network with average pooling, from the content. L-BFGS
amplifies the rounding of float32, so each row also says how far PyTorch is from itself where the start differs by one
in a million.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import torch
from torch.nn import functional

from nst_graph.presets import CHANNELS, PRESETS, STYLE_LAYERS
from nst_graph.style_transfer import StyleTransfer
from nst_graph.vgg19 import BLOCKS, IMAGENET_MEAN_BGR
from tests.benchmarks.time_to_quality import kernels_and_biases
from tests.conftest import picture
from tests.exports import LIMITS
from tests.nst_graph.conftest import tiny_network

CONTENT_LAYER = "block4_conv2"
PICTURES = picture(48, 64, seed=1), picture(64, 40, seed=2)

Features = Mapping[str, torch.Tensor]
Loss = Callable[[Features, Features, Features, torch.Tensor], torch.Tensor]  # the last one is the picture


class System(NamedTuple):
    """One implementation."""

    loss: Loss
    optimiser: Callable[[torch.Tensor], torch.optim.Optimizer]
    unit: float = 1.0  # pixel levels of 1.0 in its pictures
    clamps: bool = False
    padding: str = "constant"  # in front of the first layer
    feature_unit: float = 1.0


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--iterations", type=int, default=20)
    iterations = options.parse_args().iterations
    module = StyleTransfer(tiny_network(pooling="average"), PRESETS, limits=LIMITS)
    weights = [torch.from_numpy(array) for array in kernels_and_biases(module)]
    generator = np.random.default_rng(0)
    twin = PICTURES[0] * (1 + 1e-6 * generator.standard_normal(PICTURES[0].shape))
    print(f"{'preset':10} {'loss':>4}  ours against PyTorch  PyTorch against itself")
    for name, system in SYSTEMS.items():
        ours = module.stylize(*PICTURES, iterations, preset=name, init="content")["losses"].numpy()[:, 0]
        theirs, beside = (losses(system, weights, start, iterations) for start in (PICTURES[0], twin))
        for number in sorted({0, 1, 4, 9, iterations - 1} & set(range(iterations))):
            apart = [abs(one[number] / theirs[number] - 1) for one in (ours, beside)]
            print(f"{name:10} {number + 1:4}  {apart[0]:20.1e}  {apart[1]:22.1e}", flush=True)


def losses(system: System, weights: list[torch.Tensor], start: np.ndarray, iterations: int) -> list[float]:
    """The total loss of each picture before its update."""
    content, style, image = (
        torch.from_numpy((each / system.unit).astype(np.float32)).permute(2, 0, 1)[None].contiguous()
        for each in (*PICTURES, start)
    )
    with torch.no_grad():
        targets = [features(system, each, weights) for each in (content, style)]
    image.requires_grad_(True)
    optimiser, history = system.optimiser(image), []

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        loss = system.loss(features(system, image, weights), *targets, image)
        loss.backward()
        history.append(loss.item())
        return loss

    for _ in range(iterations):
        optimiser.step(closure)
        if system.clamps:
            image.data.clamp_(0, 1)
    return history


def features(system: System, image: torch.Tensor, weights: list[torch.Tensor]) -> Features:
    """By layer, as far as the deepest that is needed."""
    maps, pairs = {}, iter(zip(weights[::2], weights[1::2], strict=True))
    value = image.flip(1) * system.unit - torch.tensor(IMAGENET_MEAN_BGR).view(1, 3, 1, 1)
    for block, (depth, _) in enumerate(BLOCKS, 1):
        for index in range(1, depth + 1):
            padding = system.padding if block == index == 1 else "constant"
            kernel, bias = next(pairs)
            value = functional.relu(functional.conv2d(functional.pad(value, (1, 1, 1, 1), mode=padding), kernel, bias))
            maps[f"block{block}_conv{index}"] = value / system.feature_unit
            if f"block{block}_conv{index}" == STYLE_LAYERS[-1]:
                return maps
        value = functional.avg_pool2d(value, 2)
    return maps


def gram(maps: torch.Tensor) -> torch.Tensor:
    rows = maps.flatten(2)[0]
    return rows @ rows.T / rows.shape[1]


def gatys(now: Features, content: Features, style: Features, _: torch.Tensor) -> torch.Tensor:
    """leongatys/PytorchNeuralStyleTransfer: GramMSELoss with 1e3 / n**2, MSELoss with 1."""
    loss = functional.mse_loss(now[CONTENT_LAYER], content[CONTENT_LAYER])
    for layer, n in zip(STYLE_LAYERS, CHANNELS, strict=True):
        loss = loss + 1e3 / n**2 * functional.mse_loss(gram(now[layer]), gram(style[layer]))
    return loss


def jcjohnson(now: Features, content: Features, style: Features, image: torch.Tensor) -> torch.Tensor:
    """neural-style-pt: ContentLoss, StyleLoss and TVLoss; a Gram matrix over its layer's elements."""
    loss = 5.0 * functional.mse_loss(now[CONTENT_LAYER], content[CONTENT_LAYER])
    for layer, n in zip(STYLE_LAYERS, CHANNELS, strict=True):
        loss = loss + 100.0 * functional.mse_loss(gram(now[layer]) / n, gram(style[layer]) / n)
    down, across = image[:, :, 1:] - image[:, :, :-1], image[..., 1:] - image[..., :-1]
    return loss + 1e-3 * (down.abs().sum() + across.abs().sum())


def crowson(now: Features, content: Features, style: Features, image: torch.Tensor) -> torch.Tensor:
    """style-transfer-pytorch: ContentLoss, StyleLossW2 and TVLoss."""
    loss = 0.015 * functional.mse_loss(now[CONTENT_LAYER], content[CONTENT_LAYER])
    for layer, weight in zip(STYLE_LAYERS, (256, 64, 16, 4, 1), strict=True):
        loss = loss + weight / 341 * wasserstein(now[layer], style[layer])
    edge = functional.pad(image, (1, 1, 1, 1), mode="replicate")
    s1, s2 = edge[..., 1:, 1:], edge[..., 1:, :-1]
    s3, s4 = edge[..., :-1, 1:], edge[..., :-1, :-1]
    straight = ((edge[..., 1:-1, 2:] - image) ** 2).mean() / 3 + ((edge[..., 2:, 1:-1] - image) ** 2).mean() / 3
    return loss + 2.0 * 2 * (straight + ((s1 - s4) ** 2).mean() / 12 + ((s2 - s3) ** 2).mean() / 12)


def wasserstein(now: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
    (mean, covariance), (wanted_mean, wanted) = moments(now), moments(style)
    middle = root(wanted)
    trace = torch.trace(covariance + wanted) - 2 * torch.trace(root(middle @ covariance @ middle))
    return ((mean - wanted_mean) ** 2).mean() + trace / len(mean)


def moments(maps: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    rows = maps.flatten(2)[0]
    centred = rows - rows.mean(dim=1, keepdim=True)
    return rows.mean(dim=1), centred @ centred.T / rows.shape[1] + 1e-4 * torch.eye(len(rows))


def root(matrix: torch.Tensor) -> torch.Tensor:
    """By as many iterations of Newton and Schulz as sqrtm.py there takes; its gradient is PyTorch's own here."""
    norm, identity = torch.linalg.norm(matrix), torch.eye(len(matrix))
    value, inverse = matrix / norm, identity
    for _ in range(12):
        correction = (3 * identity - inverse @ value) / 2
        value, inverse = value @ correction, correction @ inverse
    return value * norm.sqrt()


def lbfgs(image: torch.Tensor) -> torch.optim.Optimizer:
    """One evaluation a step, none of its own reasons to stop; a history of 10, which is the preset's here."""
    return torch.optim.LBFGS([image], max_iter=1, history_size=10, tolerance_grad=0, tolerance_change=0)


SYSTEMS = {
    "gatys": System(gatys, lbfgs),
    "jcjohnson": System(jcjohnson, lbfgs),
    "crowson": System(
        crowson,
        lambda image: torch.optim.Adam([image], lr=0.02, betas=(0.9, 0.99), eps=1e-8),
        unit=255.0,
        clamps=True,
        padding="replicate",
        feature_unit=255 * 0.226,
    ),
}


if __name__ == "__main__":
    main()
