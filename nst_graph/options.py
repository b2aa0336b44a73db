"""The optional inputs of every function that stylises: one row each, from which all else follows.

From a row come the input of each signature and its default in the SavedModel, the check in the graph, the state's
owner, the model card and the documents. Loading this module loads no TensorFlow.
"""

from __future__ import annotations

from typing import NamedTuple, get_args

from nst_graph.choices import Init, Keep, OptimizerName, PresetName, StyleLoss

# Adam squares gradients in float32: with larger weights the squares overflow.
MAX_WEIGHT = 1e12

# One update cannot usefully change a pixel by more than the whole range of pixels.
MAX_LEARNING_RATE = 255.0

# A run's state holds two pictures for each step that L-BFGS remembers; no published recipe remembers more.
MAX_HISTORY = 100

INT32_MAX = 2**31 - 1

Value = float | str | tuple[()]


class Option(NamedTuple):
    """One optional input."""

    name: str
    meaning: str
    minimum: float = 0
    maximum: float = 0
    exclusive_minimum: bool = False  # `minimum` itself is refused
    unit: str = ""
    dtype: str = "float32"
    shape: tuple[int | None, ...] = ()
    choices: tuple[str, ...] = ()  # of a string
    default: float | str | None = None  # None: every preset has its own

    @property
    def unset(self) -> Value:
        """What is sent for "the preset's own": no value that the option can have."""
        if self.shape:
            return ()
        return "" if self.dtype == "string" else -1

    @property
    def wire_default(self) -> Value:
        """The input's default in the SavedModel."""
        return self.unset if self.default is None else self.default


def _weight(name: str, meaning: str) -> Option:
    return Option(name, meaning, 0, MAX_WEIGHT)


OPTIONS = (
    Option("preset", "The recipe.", dtype="string", choices=get_args(PresetName)),
    _weight("content_weight", "Weight of the content loss."),
    _weight("style_weight", "Weight of the style loss."),
    _weight("tv_weight", "Weight of the total variation: more is smoother."),
    Option(
        "learning_rate",
        "Change of a pixel in one update of adam; a factor on the step of lbfgs and on the gradient of sgd.",
        0,
        MAX_LEARNING_RATE,
        exclusive_minimum=True,
        unit="pixel levels",
    ),
    _weight("style_layer_weights", "Weight of each style layer, shallow to deep.")._replace(shape=(None,)),
    Option("style_loss", "What of a layer's features is compared.", dtype="string", choices=get_args(StyleLoss)),
    Option("optimizer", "How the picture is changed.", dtype="string", choices=get_args(OptimizerName)),
    Option("history", "Steps that lbfgs remembers.", 1, MAX_HISTORY, dtype="int32", default=10),
    Option(
        "sizes",
        "Longest sides of the picture, small to large, at which it is painted one after the other.",
        1,
        2**15,
        unit="pixels",
        dtype="int32",
        shape=(None,),
    ),
    Option(
        "level_iterations",
        "Iterations at each of the sizes; the last takes what is left.",
        1,
        INT32_MAX,
        dtype="int32",
        shape=(None,),
    ),
    Option("average", "Decay of the average over iterations that becomes the picture; 0: no average.", 0, 0.9999),
    Option(
        "keep",
        "Which iteration's picture is returned: the last one's, or the one with the smallest loss.",
        dtype="string",
        choices=get_args(Keep),
        default="last",
    ),
    Option("init", "The picture to start from.", dtype="string", choices=get_args(Init)),
    Option(
        "init_image", "A picture of the content's size to start from.", 0, 255, dtype="uint8", shape=(None, None, 3)
    ),
    Option("seed", "Which noise to start from.", 0, INT32_MAX, dtype="int32", default=0),
)
