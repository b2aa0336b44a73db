"""How a cost grows with the picture: cost = factor x pixels ^ exponent."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Power(NamedTuple):
    """The law."""

    factor: float
    exponent: float


def fitted(pixels: Sequence[int], costs: Sequence[float | None]) -> Power | None:
    """The law that comes nearest to what was measured, by least squares of logarithms.

    None where there are fewer than two sizes, or a cost is not known or not above 0.
    """
    known = [cost for cost in costs if cost is not None and cost > 0]
    if len(set(pixels)) < 2 or len(known) < len(costs):
        return None
    exponent, logarithm = np.polyfit(np.log(pixels), np.log(known), 1)
    return Power(math.exp(logarithm), float(exponent))
