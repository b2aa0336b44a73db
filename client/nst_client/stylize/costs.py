"""What a run costs a server, by what the network computes and by one machine on which it was measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

# Of VGG19 up to block5_conv1 for a pixel of the picture, forwards; the way back to the picture takes as many.
MULTIPLY_ADDS_PER_PIXEL = 361_152
PASSES = 2

# What all features of VGG19 take in memory for a pixel: nst_graph.limits says the same. Each region has a copy of
# those that styles are compared by: 64 channels at the picture's size, 128 at half of it, 256, 512 and 512.
FEATURE_BYTES_PER_PIXEL = 2200  # in float32
REGION_BYTES_PER_PIXEL = 4 * (64 + 128 // 4 + 256 // 16 + 512 // 64 + 512 // 256)
SHARE_OF_FLOAT32 = {"bfloat16": 0.5, "float16": 0.5}

# A picture in tiles is looked at twice, and the content once, for each way back; their margins come to that.
TILED_PASSES = 4

# Seconds of an iteration at 512 x 512 pixels, as the whole loop in a graph took on two cores with AVX512-BF16. A GPU
# takes a small part of that; nobody serves float16 on a processor.
REFERENCE_PIXELS = 512 * 512
REFERENCE_SECONDS = {"float32": 2.0, "bfloat16": 1.07}


class Costs(NamedTuple):
    """Estimates."""

    operations: float  # floating-point operations of the whole run
    memory_bytes: float  # of the features of the largest picture or tile, and of its regions' copies
    reference_seconds: float | None  # of the whole run on the machine above; None where it was not measured


def costs_of(
    levels: Sequence[tuple[int, int]],
    largest_pixels: int,
    precision: str,
    regions: int = 0,
    tile_pixels: int | None = None,
) -> Costs:
    """What a run costs.

    Args:
        levels: pixels and iterations at each size of its plan.
        largest_pixels: of the largest picture that the network sees.
        precision: of the network, as the model card has it.
        regions: of the masks.
        tile_pixels: above so many a picture is computed in tiles; None: none is.
    """
    whole = largest_pixels if tile_pixels is None else tile_pixels
    work = sum(pixels * iterations * (1 if pixels <= whole else TILED_PASSES / PASSES) for pixels, iterations in levels)
    reference = REFERENCE_SECONDS.get(precision)
    bytes_per_pixel = FEATURE_BYTES_PER_PIXEL + regions * REGION_BYTES_PER_PIXEL
    return Costs(
        2 * PASSES * MULTIPLY_ADDS_PER_PIXEL * float(work),
        bytes_per_pixel * SHARE_OF_FLOAT32.get(precision, 1.0) * min(largest_pixels, whole),
        None if reference is None else reference * work / REFERENCE_PIXELS,
    )
