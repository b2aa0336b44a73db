"""What one iteration of our loop takes for each pixel, by the network's variables."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from nst_export.toolkit.report import Cost, Variable

KERNEL = re.compile(r"block([1-5])_conv[1-4]/kernel")  # of VGG19: a pooling before each block but the first

BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}

# A multiplication and an addition, on the way forth; on the way back the gradient of the layer's input is as much
# again, and the weights have none.
FLOPS_PER_WEIGHT = 4

# Of each feature: what the convolution gives, and what its ReLU makes of it, both kept for the way back.
COPIES = 2


def iteration_cost(card: Mapping[str, Any] | None, variables: Sequence[Variable]) -> Cost | None:
    """The convolutions' cost; Gram matrices and the picture's own update come to a tenth more. None if not ours."""
    kernels = [(match, variable) for variable in variables if (match := KERNEL.fullmatch(variable.name))]
    if card is None or not kernels:
        return None
    flops = features = 0.0
    for match, kernel in kernels:
        height, width, channels_in, channels_out = (length or 0 for length in kernel.shape or ())
        positions = 0.25 ** (int(match[1]) - 1)  # a pooling halves both sides
        flops += FLOPS_PER_WEIGHT * height * width * channels_in * channels_out * positions
        features += channels_out * positions
    return Cost(flops, COPIES * features * BYTES.get(str(card["precision"]), 4))
