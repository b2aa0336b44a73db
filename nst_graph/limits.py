"""What a model accepts; every rule here is enforced inside the graph."""

from __future__ import annotations

from typing import NamedTuple

# block5 sees a picture at 1/16 of its size: below 32 pixels a Gram matrix has one position or none.
MIN_SIDE = 32

# Encoded pictures may be larger than those stylised, since `size` shrinks them; 67 million pixels are
# above any phone's camera and decode to 200 MB.
MAX_DECODED_PIXELS = 2**26

# Each style more is a pass of the network for each size of the picture, and each region more a copy of the features.
MAX_STYLES = 16
MAX_REGIONS = 16


# A tile of a picture has one step of VGG19's pools of its own, and round it what the network sees there:
# `nst_graph.tiles`.
TILE_STEP, TILE_MARGIN = 16, 96
LEAST_TILE_PIXELS = (TILE_STEP + 2 * TILE_MARGIN) ** 2


class Limits(NamedTuple):
    """The limits chosen at export."""

    max_pixels: int = 2048 * 2048  # about 2.2 KB of features a pixel in float32: 9 GB
    max_iterations: int = 10_000  # ten times the longest published recipe: more is a mistake
    tile_pixels: int = 2048 * 2048  # a larger picture is computed in tiles of at most so many: the same 9 GB


DEFAULT_LIMITS = Limits()
