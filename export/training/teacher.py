"""The teacher: SqueezeNet 1.1 without its classifier, and what each layer of the student should give."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812  (its usual name)

from training.teacher_file import SHA256, read_teacher_arrays

# The student's layers that have a target, front to back.
TAUGHT = (
    "block1_conv1",
    "block2_conv1",
    "block3_conv1",
    "block4_conv1",
    "block4_conv2",
    "block5_conv1",
    "block5_conv2",
)

# Between two pools. The original pads nowhere; its pools reach over the edge here by one pixel, on the right and below
# for True and on the left and above for False, so that its grids stay over VGG19's within half a cell.
STAGES = ((False, ("fire2", "fire3")), (True, ("fire4", "fire5")), (False, ("fire6", "fire7", "fire8")))


class Teacher:
    """SqueezeNet 1.1 (Iandola et al. 2016)."""

    def __init__(self, arrays: Mapping[str, np.ndarray], dtype: torch.dtype = torch.float32) -> None:
        """Takes `LAYER/kernel` float32[h, w, in, out] and `LAYER/bias` float32[out]; computes in `dtype`."""
        self._arrays, self._dtype = arrays, dtype
        self._weights = {
            name.removesuffix("/kernel"): (
                torch.tensor(np.ascontiguousarray(arrays[name].transpose(3, 2, 0, 1))).to(dtype),
                torch.tensor(arrays[name.removesuffix("kernel") + "bias"]).to(dtype),
            )
            for name in arrays
            if name.endswith("/kernel")
        }

    def reduced(self) -> Teacher:
        """The same in bfloat16, for training: a third of the time."""
        return Teacher(self._arrays, torch.bfloat16)

    def first_filters(self) -> tuple[Tensor, Tensor]:
        """Kernel float32[64, 3, 3, 3] and bias float32[64] of its first convolution, for blue, green and red."""
        kernel, bias = self._weights["conv1"]
        return kernel.float(), bias.float()

    def layers(self, bgr: Tensor) -> dict[str, Tensor]:
        """Features of `conv1` and `fire2` to `fire8`, as the original computes them but for the padding.

        Args:
            bgr: float32[batch, 3, height, width], pixels less ImageNet's mean, blue-green-red; even sizes.
        """
        edge = F.pad(bgr, (0, 1, 0, 1), mode="replicate")
        features = {"conv1": self._convolution(edge, "conv1", stride=2)}
        x = features["conv1"]
        for right, names in STAGES:
            x = F.max_pool2d(x, 3, 2, ceil_mode=True) if right else F.max_pool2d(x, 3, 2, padding=1)
            for name in names:
                x = features[name] = self._fire(x, name)
        return features

    def targets(self, bgr: Tensor) -> dict[str, Tensor]:
        """What each of the student's layers in `TAUGHT` should give, on its own grid and not yet scaled."""
        return {TAUGHT[0]: self._convolution(_surrounded(bgr), "conv1"), **self.learnt_targets(bgr)}

    def learnt_targets(self, bgr: Tensor) -> dict[str, Tensor]:
        """The same without the first, which the student has from the start."""
        features = self.layers(bgr)
        half = F.avg_pool2d(bgr, 2)
        return {
            "block2_conv1": torch.cat([self._convolution(_surrounded(half), "conv1"), features["conv1"]], 1),
            "block3_conv1": torch.cat([features["fire2"], features["fire3"]], 1),
            "block4_conv1": torch.cat([features["fire4"], features["fire5"]], 1),
            "block4_conv2": torch.cat([features["fire5"], features["fire4"]], 1),
            "block5_conv1": torch.cat([features["fire6"], features["fire7"][:, :128]], 1),
            "block5_conv2": features["fire8"],
        }

    def _convolution(self, x: Tensor, name: str, *, stride: int = 1, padding: int = 0) -> Tensor:
        kernel, bias = self._weights[name]
        x = x.to(self._dtype, memory_format=torch.channels_last)
        return F.relu(F.conv2d(x, kernel, bias, stride=stride, padding=padding), inplace=True)

    def _fire(self, x: Tensor, name: str) -> Tensor:
        squeezed = self._convolution(x, f"{name}/squeeze1x1")
        wide = self._convolution(squeezed, f"{name}/expand3x3", padding=1)
        return torch.cat([self._convolution(squeezed, f"{name}/expand1x1"), wide], 1)


def read_teacher(file: Path, sha256: str | None = None) -> Teacher:
    """The teacher out of its file; see `read_teacher_arrays`."""
    return Teacher(read_teacher_arrays(file, sha256 or SHA256))


def _surrounded(x: Tensor) -> Tensor:
    return F.pad(x, (1, 1, 1, 1), mode="replicate")
