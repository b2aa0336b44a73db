"""The optional inputs of every function that stylises: one row each, from which all else follows.

From a row come the input of each signature and its default in the SavedModel, the check in the graph, the state's
owner, the model card and the documents. Loading this module loads no TensorFlow.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

# Adam squares gradients in float32: with larger weights the squares overflow.
MAX_WEIGHT = 1e12

# One update cannot usefully change a pixel by more than the whole range of pixels.
MAX_LEARNING_RATE = 255.0


class Option(NamedTuple):
    """One optional input."""

    name: str
    meaning: str
    minimum: float
    maximum: float
    exclusive_minimum: bool = False  # `minimum` itself is refused
    unit: str = ""
    dtype: str = "float32"
    shape: tuple[int | None, ...] = ()
    default: float | None = None  # None: every preset has its own

    def default_in(self, numbers: Mapping[str, float]) -> float:
        """The value of a call that leaves the input out, under a preset with these `numbers`."""
        value = numbers.get(self.name, self.default)
        if value is None:
            raise ValueError(f"the preset has no {self.name}, and the option has no default of its own")
        return value


OPTIONS = (
    Option("content_weight", "Weight of the content loss.", 0, MAX_WEIGHT),
    Option("style_weight", "Weight of the style loss.", 0, MAX_WEIGHT),
    Option("tv_weight", "Weight of the total variation: more is smoother.", 0, MAX_WEIGHT),
    Option(
        "learning_rate",
        "Change of a pixel in one update.",
        0,
        MAX_LEARNING_RATE,
        exclusive_minimum=True,
        unit="pixel levels",
    ),
)
