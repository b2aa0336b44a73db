"""A yardstick for results that is neither student's nor recipe's: the teacher's own layers."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from training.judge import normalised
from training.teacher import Teacher

LAYERS = ("conv1", "fire2", "fire3", "fire4", "fire6", "fire8")


@torch.no_grad()
def style_errors(teacher: Teacher, style: np.ndarray, image: np.ndarray) -> dict[str, float]:
    """Squared error of the Gram matrix relative to the style's own, by layer of the teacher.

    Args:
        teacher: whose layers judge.
        style: uint8[height, width, 3].
        image: uint8[height, width, 3], the result; its size may be another.
    """
    wanted, given = (teacher.layers(normalised(picture[None])) for picture in (style, image))
    return {name: _relative(_gram_matrix(given[name]), _gram_matrix(wanted[name])) for name in LAYERS}


def _gram_matrix(features: Tensor) -> Tensor:
    flat = features[0].flatten(1).double()
    return flat @ flat.T / flat.shape[1]


def _relative(given: Tensor, wanted: Tensor) -> float:
    return float((given - wanted).square().sum() / wanted.square().sum())
