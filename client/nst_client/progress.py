"""What a run has come to between two of its calls."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Progress(NamedTuple):
    """A run after one of its calls. With it the run can go on, here or on another server."""

    iteration: int  # updates of the picture so far, in the whole run
    iterations: int  # wanted in the whole run
    image: np.ndarray  # uint8[height, width, 3]: the picture after `iteration` updates
    losses: np.ndarray  # float32[updates of this call, 4]: of the pictures before them; contract.LOSS_COLUMNS
    seconds: float  # that this call took, the way to the server and back included
    version: int  # of the model that made it
    state: tuple[bytes, ...]  # what the model needs to go on; opaque
