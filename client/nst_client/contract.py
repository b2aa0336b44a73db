"""The names of the SavedModel's contract, its table of options, and the client's own defaults.

An option that is not sent takes the value of the preset that is asked for, which the model knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from typing_extensions import TypedDict

from nst_client.option import Option, Pixels, Sides, options_of

STYLIZE = "serving_default"
START = "stylize_start"
STEP = "stylize_step"
EVALUATE = "evaluate"
DESCRIBE = "describe"

MIN_SIDE = 32  # pixels of the shortest picture that any model takes
MAX_STYLES = 16  # of one run
MAX_REGIONS = 16  # of its masks

LOSS_COLUMNS = ("total", "content", "style", "total_variation")

DEFAULT_SERVER = "localhost:8500"  # TensorFlow Serving's own gRPC port
DEFAULT_MODEL = "nst"  # what `nst serve` serves a model as
DEFAULT_ITERATIONS = 200  # the total loss of the preset nst has flattened by then
DEFAULT_SIZE = 512  # longest side in pixels: the published recipes' own, where VGG19's layers see brush strokes

# What a message of protobuf can hold, which counts its bytes in 32 bits.
MAX_MESSAGE_BYTES = 2**31 - 1

# Deadlines are for servers that hang, not for slow ones: two cores need 8 s per megapixel and iteration.
DEADLINE_START_SECONDS = 120.0
DEADLINE_SECONDS_PER_MEGAPIXEL_ITERATION = 100.0
STATUS_DEADLINE_SECONDS = 10.0


MAX_WEIGHT = 1e12  # the graph's, whose optimiser squares gradients in float32
MAX_INT32 = 2**31 - 1
LONGEST_SIDE = 2**15


PRESETS = ("nst", "eager", "gatys", "jcjohnson", "keras", "tensorflow", "crowson")
OPTIMIZERS = ("adam", "lbfgs", "sgd")
STYLE_LOSSES = ("gram", "gram-relative", "moments", "moments-relative", "wasserstein", "wasserstein-relative")
COLORS = ("style", "luminance", "match-cholesky", "match-pca", "match-symmetric")


class Options(TypedDict, total=False):
    """The table of options, a row each; and the type of those that a caller gives."""

    preset: Annotated[str, Option("The recipe.", choices=PRESETS, without="the model's first")]
    content_weight: Annotated[float, Option("Weight of the content loss.", 0, MAX_WEIGHT)]
    style_weight: Annotated[float, Option("Weight of the style loss.", 0, MAX_WEIGHT)]
    tv_weight: Annotated[float, Option("Weight of the total variation: more is smoother.", 0, MAX_WEIGHT)]
    learning_rate: Annotated[
        float,
        Option(
            "Change of a pixel in one update of adam; a factor on the step of lbfgs and on the gradient of sgd.",
            0,
            255.0,
            exclusive_minimum=True,
            unit="pixel levels",
        ),
    ]
    style_layer_weights: Annotated[
        list[float], Option("Weight of each style layer, shallow to deep.", 0, MAX_WEIGHT, flag="layer-weights")
    ]
    style_loss: Annotated[str, Option("What of a layer's features is compared.", choices=STYLE_LOSSES)]
    optimizer: Annotated[str, Option("How the picture is changed.", choices=OPTIMIZERS)]
    history: Annotated[int, Option("Steps that lbfgs remembers.", 1, 100, default=10)]
    sizes: Annotated[
        list[int],
        Option(
            "Longest sides of the picture, small to large, at which it is painted one after the other.",
            1,
            LONGEST_SIDE,
            unit="pixels",
        ),
    ]
    level_iterations: Annotated[
        list[int], Option("Iterations at each of the sizes; the last takes what is left.", 1, MAX_INT32)
    ]
    average: Annotated[
        float, Option("Decay of the average over iterations that becomes the picture; 0: no average.", 0, 0.9999)
    ]
    keep: Annotated[
        str,
        Option(
            "Which iteration's picture is returned: the last one's, or the one with the smallest loss.",
            choices=("last", "best"),
            default="last",
        ),
    ]
    init: Annotated[str, Option("The picture to start from.", choices=("content", "noise", "style", "image"))]
    init_image: Annotated[Pixels, Option("A picture of the content's size to start from.", 0, 255, shape="H,W,3")]
    seed: Annotated[int, Option("Which noise to start from.", 0, MAX_INT32, default=0)]
    blend: Annotated[
        list[float],
        Option("Weight of each style; all the same where it is left out.", 0, MAX_WEIGHT, without="the same of each"),
    ]
    style_scale: Annotated[
        float, Option("Longest side of every style over that of the picture.", 0, 8, exclusive_minimum=True)
    ]
    color: Annotated[
        str,
        Option(
            "Whose colours the picture has: the style's, the content's with the style's light and dark, or the style's "
            "moved to the content's beforehand in one of three ways.",
            choices=COLORS,
            default="style",
        ),
    ]
    content_mask: Annotated[
        Pixels,
        Option(
            "How much each place of the content belongs to each region; what is in none stays as it is.",
            0,
            255,
            shape="H,W,R",
        ),
    ]
    style_masks: Annotated[
        list[Pixels],  # one for each style: uint8[height, width, R], or uint8[height, width]
        Option(
            "How much each place of each style, padded as more_styles, belongs to each region.",
            0,
            255,
            shape="n+1,h,w,R",
        ),
    ]
    strength: Annotated[
        Pixels, Option("How much each place of the content may change: 0 keeps it.", 0, 255, shape="H,W")
    ]


class FurtherStyles(TypedDict, total=False):
    """The optional inputs that hold several styles: the client packs them, and nobody gives them by name."""

    more_styles: Annotated[
        Pixels,
        Option("Styles beside the first one, padded below and on the right to the same size.", 0, 255, shape="n,h,w,3"),
    ]
    more_style_sizes: Annotated[
        Sides, Option("Height and width of each of more_styles.", MIN_SIDE, LONGEST_SIDE, unit="pixels", shape="n,2")
    ]
    more_style_bytes: Annotated[list[str], Option("Files of styles beside the first one.", without="none")]


# What a model knows whose card has no table: one of before contract 2.
OPTIONS_OF_CONTRACT_1 = frozenset({"content_weight", "style_weight", "tv_weight", "learning_rate"})


OPTIONS: Mapping[str, Option] = options_of(Options)
INPUTS: Mapping[str, Option] = {**OPTIONS, **options_of(FurtherStyles)}  # all optional ones of the model

# What a person may name as a start. A picture is an input of its own, which the word `image` would only announce.
INIT_WORDS = tuple(word for word in OPTIONS["init"].choices if word != "image")


def numbered(name: str, count: int) -> list[str]:
    """What several of a kind are called: style, style_2, ..."""
    return [name if number == 1 else f"{name}_{number}" for number in range(1, count + 1)]


def stylize_deadline(height: int, width: int, iterations: int) -> float:
    """Seconds after which a run of this size counts as hanging."""
    work = max(iterations, 0) * height * width / 1e6  # the server refuses a negative number, and says so in time
    return DEADLINE_START_SECONDS + DEADLINE_SECONDS_PER_MEGAPIXEL_ITERATION * work
