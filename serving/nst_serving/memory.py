"""What a run takes of memory at least, so that one for which there is none is refused before it starts."""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple

import grpc
from tensorflow.core.framework import tensor_pb2
from tensorflow_serving.apis import predict_pb2

from nst_export.errors import ExportError
from nst_export.saved_model.graph_file import read_saved_model, served_graph
from nst_export.saved_model.model_card import read_card
from nst_export.toolkit.cost import iteration_cost
from nst_export.toolkit.variables import stored_variables
from nst_export.toolkit.words import bytes_in_words
from nst_graph.limits import LEAST_TILE_PIXELS
from nst_graph.signatures import SIGNATURES
from nst_serving.errors import RequestError
from nst_serving.tensors import array_of

# In float32, of the picture's size, at the same time: the picture, Adam's two moments, the gradient, the content and
# the next picture. Other optimisers have as many or more.
PICTURES = 6
BYTES_PER_PIXEL = PICTURES * 3 * 4

STARTS = frozenset(row.name for row in SIGNATURES if row.does == "start")


class Footprint(NamedTuple):
    """Of a model of ours."""

    bytes_per_pixel: float  # of the features that the network keeps for the way back
    tile_pixels: int  # a larger picture is computed in tiles

    def least_bytes(self, pixels: int) -> float:
        """Of a run on a picture of so many pixels, beside what the model takes by itself."""
        return self.bytes_per_pixel * min(pixels, self.tile_pixels) + BYTES_PER_PIXEL * pixels


def footprint_of(version_dir: Path) -> Footprint | None:
    """That of a version on disk; None where it is not known: another maker's, or a damaged model card."""
    try:
        card = read_card(version_dir)
        variables, _ = stored_variables(version_dir, served_graph(read_saved_model(version_dir)))
        cost = iteration_cost(card._asdict(), variables)
        return None if cost is None else Footprint(cost.memory, int(card.limits["tile_pixels"]))
    except (ExportError, KeyError, TypeError, ValueError):
        return None


def check_memory(footprint: Footprint | None, request: predict_pb2.PredictRequest, free: int | None) -> None:
    """Refuses a run that would not fit.

    Pictures in files are not looked at: what the graph makes of them is not known before it has read them.

    Args:
        footprint: of the model.
        request: to any signature.
        free: bytes; None: not known.

    Raises:
        RequestError: RESOURCE_EXHAUSTED, with the estimate and what to do.
    """
    size = content_size(request)
    if footprint is None or free is None or size is None or not _paints(request):
        return
    height, width = size
    needed = footprint.least_bytes(_pixels_painted(request, height, width))
    if needed > free:
        less = footprint.tile_pixels // 4
        tiles = f". A model exported with --tile-pixels {less} needs less" if less >= LEAST_TILE_PIXELS else ""
        raise RequestError(
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            f"The server has not enough memory for {content_in_words(request)}: {bytes_in_words(needed)} at least, "
            f"and {bytes_in_words(free)} are free{tiles}",
        )


def _paints(request: predict_pb2.PredictRequest) -> bool:
    """Whether it asks for iterations, or for the start of a run that will."""
    return "iterations" in request.inputs or request.model_spec.signature_name in STARTS


def content_size(request: predict_pb2.PredictRequest) -> tuple[int, int] | None:
    """Height and width of the content in a request; None where it has none, or only in a file."""
    if "content" not in request.inputs:
        return None
    sides = [dimension.size for dimension in request.inputs["content"].tensor_shape.dim]
    return (sides[0], sides[1]) if len(sides) == 3 and min(sides) > 0 else None


def content_in_words(request: predict_pb2.PredictRequest) -> str:
    """`content of 640 x 480 pixels`; empty where its size is not known."""
    size = content_size(request)
    return "" if size is None else f"content of {size[1]} x {size[0]} pixels"


def _pixels_painted(request: predict_pb2.PredictRequest, height: int, width: int) -> int:
    """At the last size of the plan."""
    longest = max(height, width)
    if "sizes" in request.inputs:
        longest = min(longest, _last(request.inputs["sizes"]) or longest)
    return math.prod(max(1, side * longest // max(height, width)) for side in (height, width))


def _last(sizes: tensor_pb2.TensorProto) -> int:
    """0 where there is none; what is wrong with them, the graph says."""
    try:
        return int(array_of(sizes).reshape(-1)[-1])
    except (TypeError, ValueError, IndexError, OverflowError):
        return 0
