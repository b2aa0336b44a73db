"""How much of the teacher's features the student explains, layer by layer, on photographs it has not seen."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from training.picture_cache import Pictures
from training.student import Pooling, Student
from training.teacher import TAUGHT, Teacher

# ImageNet's mean colour, blue-green-red; the same numbers as nst_graph.vgg19.IMAGENET_MEAN_BGR.
MEAN_BGR = (103.939, 116.779, 123.68)


def normalised(rgb: np.ndarray) -> Tensor:
    """uint8[batch, height, width, 3] as the networks want it: float32[batch, 3, height, width], blue-green-red."""
    bgr = torch.from_numpy(np.ascontiguousarray(rgb[..., ::-1])).permute(0, 3, 1, 2).float()
    return bgr - torch.tensor(MEAN_BGR).view(1, 3, 1, 1)


def centres(pictures: Pictures, *, most: int, side: int) -> np.ndarray:
    """The middle square of each picture, shrunk to `side` pixels: uint8[pictures, side, side, 3]."""
    squares = []
    for index in range(min(most, len(pictures))):
        picture = pictures[index][..., :3]
        reach = min(picture.shape[:2])
        top, left = (picture.shape[0] - reach) // 2, (picture.shape[1] - reach) // 2
        square = Image.fromarray(picture[top : top + reach, left : left + reach])
        squares.append(np.asarray(square.resize((side, side), Image.Resampling.LANCZOS)))
    return np.stack(squares)


@torch.no_grad()
def features_of(student: Student, square: np.ndarray, pooling: Pooling) -> dict[str, np.ndarray]:
    """float32[positions, channels] by layer, of uint8[side, side, 3]."""
    student.eval()
    features = student(normalised(square[None]), pooling)
    return {name: value[0].flatten(1).T.numpy() for name, value in features.items()}


class Judge:
    """Explained variance on a fixed set of squares."""

    def __init__(self, teacher: Teacher, squares: np.ndarray, scales: Mapping[str, Tensor]) -> None:
        """Keeps `squares`, uint8[pictures, side, side, 3]; `scales` are the targets' root mean squares."""
        self._teacher, self._squares, self._scales = teacher, squares, scales

    @torch.no_grad()
    def explained(self, student: Student, pooling: Pooling, *, reduced: bool) -> dict[str, float]:
        """1 - squared error / variance by layer, over all squares; `reduced` computes in bfloat16."""
        student.eval()
        totals = {name: np.zeros(2) for name in TAUGHT}
        means = self._channel_means()
        for square in self._squares:
            bgr = normalised(square[None])
            with torch.autocast("cpu", torch.bfloat16, enabled=reduced):
                given = student(bgr, pooling)
            for name, target in self._teacher.targets(bgr).items():
                inside = (..., slice(1, -1), slice(1, -1))
                wanted, layer = (target / self._scales[name])[inside], given[name].float()[inside]
                totals[name] += (
                    float((layer - wanted).square().mean()),
                    float((wanted - means[name]).square().mean()),
                )
        return {name: float(1 - error / variance) for name, (error, variance) in totals.items()}

    def _channel_means(self) -> dict[str, Tensor]:
        sums: dict[str, Tensor] = {}
        for square in self._squares:
            for name, target in self._teacher.targets(normalised(square[None])).items():
                mean = (target / self._scales[name]).mean((0, 2, 3), keepdim=True) / len(self._squares)
                sums[name] = sums[name] + mean if name in sums else mean
        return sums
