"""What the methods of the client return."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Stylized(NamedTuple):
    """A finished run."""

    image: np.ndarray  # uint8[height, width, 3], of the content's size
    losses: np.ndarray  # float32[iterations, 4], columns as contract.LOSS_COLUMNS
    version: int  # of the model that made it


class Evaluation(NamedTuple):
    """How near a picture is to its content and style: 0 is a perfect match."""

    style_errors: np.ndarray  # float32[5], relative errors of the Gram matrices, block1 to block5
    content_error: float  # relative error of the features at block4_conv2
    total_variation: float  # mean squared difference of neighbours, pixels in 0..1


class VersionStatus(NamedTuple):
    """One version of a model on a server."""

    version: int
    state: str  # START, LOADING, AVAILABLE, UNLOADING or END
    error: str  # why a version in state END failed, else empty
