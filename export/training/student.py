"""The student: VGG19 up to block5_conv2, with batch normalisation while it trains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  (its usual name)

Pooling = Literal["average", "max", "both"]

# Simonyan and Zisserman 2015, table 1, column E; block 5 only as far as any recipe here looks.
BLOCKS = ((2, 64), (2, 128), (4, 256), (4, 512), (2, 512))
CONVOLUTIONS = tuple(
    f"block{block}_conv{index}" for block, (depth, _) in enumerate(BLOCKS, start=1) for index in range(1, depth + 1)
)
FIRST = CONVOLUTIONS[0]
POOLINGS: tuple[Pooling, ...] = ("average", "max")  # that what is shipped must serve


class Student(nn.Module):
    """VGG19's convolutions; all but the first, which is the teacher's own, are normalised and learn."""

    def __init__(self) -> None:
        """Orthogonal filters; the first convolution is set by `adopt_first`."""
        super().__init__()
        self.convolutions, self.norms, width_in = nn.ModuleDict(), nn.ModuleDict(), 3
        for block, (depth, width) in enumerate(BLOCKS, start=1):
            for index in range(1, depth + 1):
                name = f"block{block}_conv{index}"
                layer = nn.Conv2d(width_in, width, 3, padding=1, bias=name == FIRST)
                nn.init.orthogonal_(layer.weight, gain=2**0.5)
                self.convolutions[name] = layer
                if name != FIRST:
                    self.norms[name] = nn.BatchNorm2d(width, momentum=0.02)
                width_in = width

    def adopt_first(self, kernel: Tensor, bias: Tensor) -> None:
        """Gives block1_conv1 these filters for good: they are its target, so there is nothing to learn."""
        layer = self.convolutions[FIRST]
        with torch.no_grad():
            layer.weight.copy_(kernel)
            layer.bias.copy_(bias)
        layer.requires_grad_(requires_grad=False)

    def forward(self, bgr: Tensor, pooling: Pooling) -> dict[str, Tensor]:
        """Features behind each ReLU by layer name.

        Args:
            bgr: float32[batch, 3, height, width], pixels less ImageNet's mean, blue-green-red.
            pooling: between the blocks; `both` averages in the first half of the batch and takes maxima in the other,
                so that the normalisation's statistics are those of the mixture, in training as afterwards.
        """
        x, features = bgr.contiguous(memory_format=torch.channels_last), {}
        for name, layer in self.convolutions.items():
            if name.endswith("conv1") and name != FIRST:
                x = pooled(x, pooling)
            x = layer(x)
            if name in self.norms:
                x = self.norms[name](x)
            x = features[name] = F.relu(x, inplace=True)
        return features

    def keep_statistics(self) -> None:
        """From now on the normalisation uses what it has gathered instead of the batch's own mean and variance."""
        for norm in self.norms.values():
            norm.eval()


def pooled(x: Tensor, pooling: Pooling) -> Tensor:
    """Half the height and width; see `Student.forward`."""
    if pooling == "both":
        half = len(x) // 2
        return torch.cat([F.avg_pool2d(x[:half], 2), F.max_pool2d(x[half:], 2)])
    return F.avg_pool2d(x, 2) if pooling == "average" else F.max_pool2d(x, 2)


def folded(state: Mapping[str, Tensor]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Kernel float32[3, 3, in, out] and bias float32[out] by layer, as Keras has them, the normalisation folded in.

    Args:
        state: a `Student`'s `state_dict`.
    """
    layers = {}
    for name in CONVOLUTIONS:
        kernel = state[f"convolutions.{name}.weight"].double()
        if name == FIRST:
            bias = state[f"convolutions.{name}.bias"]
        else:
            gain, shift, mean, variance = (
                state[f"norms.{name}.{part}"].double() for part in ("weight", "bias", "running_mean", "running_var")
            )
            factor = gain / torch.sqrt(variance + nn.BatchNorm2d(1).eps)
            kernel, bias = kernel * factor[:, None, None, None], shift - mean * factor
        layers[name] = kernel.float().permute(2, 3, 1, 0).numpy(), bias.float().numpy()
    return layers


def trained_student(state: Mapping[str, Tensor]) -> Student:
    """A `Student` with these weights, ready to compute."""
    student: Student = Student().to(memory_format=torch.channels_last)
    student.load_state_dict(dict(state))
    student.eval()
    return student
