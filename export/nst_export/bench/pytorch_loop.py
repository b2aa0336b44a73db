"""The same recipe as a loop in PyTorch. Another interpreter runs it: it needs PyTorch and NumPy alone."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

Kernels = Mapping[str, tuple[torch.Tensor, torch.Tensor]]


HERE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def gpu_memory() -> int | None:
    """See `worker`."""
    return torch.cuda.max_memory_allocated() if HERE.type == "cuda" else None


def prepare(folder: str, size: int, precision: str, *, channels_last: bool, **others: object) -> Callable[[int], float]:
    """Everything but the targets, which belong to a call; see `worker` and `task`."""
    del others
    torch.set_num_threads(os.cpu_count() or 1)
    torch.backends.cudnn.benchmark = True  # TensorFlow too tries cuDNN's algorithms, and multiplies float32 as TF32
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = True
    layout = torch.channels_last if channels_last else torch.contiguous_format
    recipe = json.loads(Path(folder, "recipe.json").read_text(encoding="utf-8"))
    weights = kernels(Path(folder, "weights.npz"), getattr(torch, precision), layout)
    means = torch.tensor(recipe["means"], device=HERE).view(1, 3, 1, 1)
    loaded = np.load(Path(folder, f"pictures-{size}.npz"))
    content, style = (
        torch.from_numpy(loaded[name][..., ::-1].copy()).permute(2, 0, 1)[None].to(HERE).float() - means
        for name in ("content", "style")
    )

    def run(iterations: int) -> float:
        image = content.clone(memory_format=layout).requires_grad_()
        with torch.no_grad():
            wanted = features(content.contiguous(memory_format=layout), weights, recipe)
            styles = features(style.contiguous(memory_format=layout), weights, recipe)
            targets = [wanted[name].float() for name in recipe["content_layers"]]
            matrices = [gram_matrix(styles[name]) for name in recipe["style_layers"]]
        del wanted, styles
        settings = recipe["adam"]
        optimizer = torch.optim.Adam([image], settings["learning_rate"], (settings["beta_1"], settings["beta_2"]))
        total = torch.zeros((), device=HERE)
        for number in range(1, iterations + 1):
            optimizer.zero_grad()
            total = loss(features(image, weights, recipe), targets, matrices, recipe)
            total.backward()
            # Keras adds epsilon before it corrects the bias, PyTorch behind it.
            optimizer.param_groups[0]["eps"] = settings["epsilon"] / (1 - settings["beta_2"] ** number) ** 0.5
            optimizer.step()
            with torch.no_grad():
                image.clamp_(-means, 255 - means)
        image.detach().cpu().numpy()
        return float(total)

    return run


def kernels(file: Path, dtype: torch.dtype, layout: torch.memory_format) -> Kernels:
    """Kernel and bias of each layer."""
    arrays = np.load(file)
    names = [name.removesuffix("/kernel") for name in arrays.files if name.endswith("/kernel")]
    return {
        name: (
            torch.from_numpy(arrays[f"{name}/kernel"].transpose(3, 2, 0, 1).copy())
            .to(HERE, dtype)
            .contiguous(memory_format=layout),
            torch.from_numpy(arrays[f"{name}/bias"]).to(HERE, dtype),
        )
        for name in names
    }


def features(image: torch.Tensor, weights: Kernels, recipe: Mapping[str, Any]) -> dict[str, torch.Tensor]:
    """By layer, [1, channels, height, width], as far as the deepest that the recipe looks at."""
    wanted = {*recipe["content_layers"], *recipe["style_layers"]}
    value, found = image, {}
    for block in recipe["blocks"]:
        for name in block:
            kernel, bias = weights[name]
            value = functional.relu_(functional.conv2d(value.to(kernel.dtype), kernel, bias, padding=1))
            if name in wanted:
                found[name] = value
            if len(found) == len(wanted):
                return found
        value = functional.max_pool2d(value, 2)
    return found


def loss(
    now: Mapping[str, torch.Tensor],
    targets: list[torch.Tensor],
    matrices: list[torch.Tensor],
    recipe: Mapping[str, Any],
) -> torch.Tensor:
    """The total one, in float32."""
    contents = zip(recipe["content_layers"].items(), targets, strict=True)
    content = sum(weight * functional.mse_loss(now[name].float(), target) for (name, weight), target in contents)
    styles = zip(recipe["style_layers"].items(), matrices, strict=True)
    style = sum(weight * functional.mse_loss(gram_matrix(now[name]), target) for (name, weight), target in styles)
    total: torch.Tensor = recipe["content_weight"] * content + recipe["style_weight"] * style
    return total


def gram_matrix(maps: torch.Tensor) -> torch.Tensor:
    """float32[channels, channels], a mean over positions; neither layout is copied for it."""
    if maps.is_contiguous(memory_format=torch.channels_last):
        rows = maps.permute(0, 2, 3, 1).flatten(0, 2)
        return (rows.T @ rows).float() / len(rows)
    columns = maps[0].flatten(1)
    return (columns @ columns.T).float() / columns.shape[1]
