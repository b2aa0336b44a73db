"""What one iteration of our loop takes for each pixel, by the network's variables."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from nst_export.saved_model.tensor_values import Shape
from nst_export.toolkit.report import Cost, Variable

KERNEL = re.compile(r"block([1-5])_conv[1-4]/kernel")  # of VGG19: a pooling before each block but the first

BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}

FLOPS_PER_MULTIPLY_ADD = 2

# On the way forth; on the way back the gradient of the layer's input is as much again, and the weights have none.
FLOPS_PER_WEIGHT = 2 * FLOPS_PER_MULTIPLY_ADD

# Of each feature: what the convolution gives, and what its ReLU makes of it, both kept for the way back.
COPIES = 2


def iteration_cost(card: Mapping[str, Any] | None, variables: Sequence[Variable]) -> Cost | None:
    """The convolutions' cost; Gram matrices and the picture's own update come to a tenth more. None if not ours."""
    kernels = _kernels({variable.name: variable.shape for variable in variables})
    if card is None or not kernels:
        return None
    features = sum(shape[-1] * positions for shape, positions in kernels)
    memory = COPIES * features * BYTES.get(str(card["precision"]), 4)
    return Cost(_flops(kernels), memory)


def iteration_flops(shapes: Mapping[str, Shape]) -> float:
    """Floating point operations for a pixel, forward and backward, of a network with variables of these names."""
    return _flops(_kernels(shapes))


def _flops(kernels: Sequence[tuple[Sequence[int], float]]) -> float:
    return sum(FLOPS_PER_WEIGHT * math.prod(shape) * positions for shape, positions in kernels)


def _kernels(shapes: Mapping[str, Shape]) -> list[tuple[list[int], float]]:
    """Shapes of VGG19's kernels, and how many positions each has for a pixel: a pooling halves both sides."""
    return [
        ([length or 0 for length in shape or ()], 0.25 ** (int(match[1]) - 1))
        for name, shape in shapes.items()
        if (match := KERNEL.fullmatch(name))
    ]
