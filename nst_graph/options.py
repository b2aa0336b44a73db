"""The optional inputs of every function that stylises: one row each, from which all else follows.

From a row come the input of each signature and its default in the SavedModel, the check in the graph, the state's
owner, the model card and the documents. Loading this module loads no TensorFlow.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

from nst_graph.choices import Color, Init, Keep, OptimizerName, PresetName, StyleLoss
from nst_graph.limits import MIN_SIDE

# Adam squares gradients in float32: with larger weights the squares overflow.
MAX_WEIGHT = 1e12

# One update cannot usefully change a pixel by more than the whole range of pixels.
MAX_LEARNING_RATE = 255.0

# A run's state holds two pictures for each step that L-BFGS remembers; no published recipe remembers more.
MAX_HISTORY = 100

# No published recipe scales a style by more than 2.
MAX_STYLE_SCALE = 8

LONGEST_SIDE = 2**15  # pixels

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
    only: Literal["", "pixels", "files"] = ""  # with signatures that read pictures so

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
        LONGEST_SIDE,
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
    Option(
        "more_styles",
        "Styles beside the first one, padded below and on the right to the same size.",
        0,
        255,
        dtype="uint8",
        shape=(None, None, None, 3),
        only="pixels",
    ),
    Option(
        "more_style_sizes",
        "Height and width of each of more_styles.",
        MIN_SIDE,
        LONGEST_SIDE,
        unit="pixels",
        dtype="int32",
        shape=(None, 2),
        only="pixels",
    ),
    Option("more_style_bytes", "Files of styles beside the first one.", dtype="string", shape=(None,), only="files"),
    _weight("blend", "Weight of each style; all the same where it is left out.")._replace(shape=(None,)),
    Option(
        "style_scale",
        "Longest side of every style over that of the picture.",
        0,
        MAX_STYLE_SCALE,
        exclusive_minimum=True,
    ),
    Option(
        "color",
        "Whose colours the picture has: the style's, the content's with the style's light and dark, or the style's "
        "moved to the content's beforehand in one of three ways.",
        dtype="string",
        choices=get_args(Color),
        default="style",
    ),
    Option(
        "content_mask",
        "How much each place of the content belongs to each region; what is in none stays as it is.",
        0,
        255,
        dtype="uint8",
        shape=(None, None, None),
    ),
    Option(
        "style_masks",
        "How much each place of each style, padded as more_styles, belongs to each region.",
        0,
        255,
        dtype="uint8",
        shape=(None, None, None, None),
    ),
    Option(
        "strength",
        "How much each place of the content may change: 0 keeps it.",
        0,
        255,
        dtype="uint8",
        shape=(None, None),
    ),
)


def options_for(reads: str, options: Sequence[Option] = OPTIONS) -> tuple[Option, ...]:
    """The rows of signatures that read pictures as `pixels` or as `files`."""
    return tuple(option for option in options if option.only in ("", reads))
