"""The names of the SavedModel's contract, its table of options, and the client's own defaults.

An option that is not sent takes the value of the preset that is asked for, which the model knows.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Annotated, Any, NamedTuple, Protocol, get_args, get_origin

from typing_extensions import TypedDict, get_type_hints

STYLIZE = "serving_default"
START = "stylize_start"
STEP = "stylize_step"
EVALUATE = "evaluate"
DESCRIBE = "describe"

MIN_SIDE = 32  # pixels of the shortest picture that any model takes

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


class Pixels(Protocol):
    """A picture as NumPy has it, uint8[height, width, 3]: nothing that a person could type."""

    def __array__(self) -> Any: ...


class Kind(NamedTuple):
    """How values of a Python type are sent, named and checked."""

    dtype: str
    singular: str
    plural: str
    convert: Callable[[Any], Any]  # raises TypeError, ValueError or OverflowError for another type's value


def _number(value: Any) -> float:
    if isinstance(value, (bool, str, bytes)) or not math.isfinite(value):
        raise ValueError
    return float(value)


def _whole_number(value: Any) -> int:
    number = operator.index(value)
    if isinstance(value, bool) or not -(2**31) <= number < 2**31:
        raise ValueError
    return number


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


KINDS: Mapping[Any, Kind] = {
    float: Kind("float32", "a finite number", "finite numbers", _number),
    int: Kind("int32", "a whole number of 32 bits", "whole numbers of 32 bits", _whole_number),
    str: Kind("string", "a text", "texts", _text),
    Pixels: Kind("uint8", "a picture", "pictures", lambda value: value),  # checked as every picture is
}


class Option(NamedTuple):
    """A row of the table: an optional input."""

    meaning: str  # a sentence
    minimum: float | None = None
    maximum: float | None = None
    exclusive_minimum: bool = False  # `minimum` itself is refused
    unit: str = ""
    choices: tuple[str, ...] = ()  # of a text
    default: float | str | None = None  # None: every preset has its own
    flag: str = ""  # on the command line, where it is not the name
    name: str = ""  # this and the type are those of the field in `Options`
    type: Any = float  # float, int, str or Pixels; or a list of one of the first three

    @property
    def is_list(self) -> bool:
        """Whether the input is a vector; else it is a scalar."""
        return get_origin(self.type) is list

    @property
    def is_picture(self) -> bool:
        """Whether the input is a picture, which has no place in a text."""
        return self.type is Pixels

    @property
    def dtype(self) -> str:
        """Of the input, as TensorFlow names it."""
        return KINDS[self._element].dtype

    @property
    def range(self) -> str:
        """In words, with its unit: `from 0 to 1e+12`, `adam, lbfgs or sgd`; empty where there is none."""
        if self.choices:
            return f"{', '.join(self.choices[:-1])} or {self.choices[-1]}"
        if self.minimum is None or self.maximum is None:
            return ""
        words = "above {} and up to {}" if self.exclusive_minimum else "from {} to {}"
        low, high = (str(end) if isinstance(end, int) else f"{end:g}" for end in (self.minimum, self.maximum))
        return f"{words.format(low, high)} {self.unit}".rstrip()

    @property
    def default_in_words(self) -> str:
        """What the model takes where the option is not given."""
        if self.default is not None:
            return str(self.default)
        return "none" if self.is_picture else "the model's first" if self.name == "preset" else "the preset's"

    def checked(self, value: Any) -> Any:
        """A value as the option's own type.

        What is out of range is refused here: the model takes -1 and an empty text for "the preset's own".

        Raises:
            ValueError: it is of another type, not finite, or out of range; the text is the rule and the value.
        """
        convert = KINDS[self._element].convert
        try:
            if self.is_list and isinstance(value, str):  # its letters would do for a list of texts
                raise TypeError
            converted = [convert(element) for element in value] if self.is_list else convert(value)
        except (TypeError, ValueError, OverflowError):
            raise ValueError(f"{self._rule}, got {value!r}") from None
        if not all(map(self._is_allowed, converted if self.is_list else [converted])):
            raise ValueError(f"must be {'one of ' if self.choices else ''}{self.range}, got {value!r}")
        return converted

    def parsed(self, text: str, *, decimal_comma: bool = False) -> Any:
        """The value that a person wrote; blanks separate a list's elements, and commas that are not decimal ones.

        Raises:
            ValueError: it is of another type, or not finite; the text is the rule and what was written.
        """
        words = text.replace(",", ".") if decimal_comma and self._element is not str else text
        try:
            if "_" in words and self._element is not str:  # only Python writes 1_000
                raise ValueError
            if self.is_list:
                value = [self._element(word) for word in words.replace(",", " ").split()]
            else:
                value = self._element(words)
        except ValueError:
            raise ValueError(f"{self._rule}, got {text!r}") from None
        try:
            return self.checked(value)
        except ValueError as error:
            raise ValueError(f"{str(error).rpartition(', got ')[0]}, got {text!r}") from None

    def shown(self, value: Any) -> str:
        """A value as captions and names of files have it."""
        values = value if self.is_list else [value]
        return ",".join(f"{one:g}" if isinstance(one, float) else str(one) for one in values)

    def _is_allowed(self, element: Any) -> bool:
        if self.choices:
            return element in self.choices
        if self.is_picture or self.minimum is None or self.maximum is None:
            return True
        return bool(self.minimum <= element <= self.maximum) and not (
            self.exclusive_minimum and element == self.minimum
        )

    @property
    def _element(self) -> Callable[[Any], Any]:
        element: Callable[[Any], Any] = get_args(self.type)[0] if self.is_list else self.type
        return element

    @property
    def _rule(self) -> str:
        kind = KINDS[self._element]
        return f"must be a list of {kind.plural}" if self.is_list else f"must be {kind.singular}"


MAX_WEIGHT = 1e12  # the graph's, whose optimiser squares gradients in float32
MAX_INT32 = 2**31 - 1


PRESETS = ("nst", "eager", "gatys", "jcjohnson", "keras", "tensorflow", "crowson")
OPTIMIZERS = ("adam", "lbfgs", "sgd")
STYLE_LOSSES = ("gram", "gram-relative", "moments", "moments-relative", "wasserstein", "wasserstein-relative")


class Options(TypedDict, total=False):
    """The client's table of options, a row each; and the type of those that a caller gives."""

    preset: Annotated[str, Option("The recipe.", choices=PRESETS)]
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
            2**15,
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
    init_image: Annotated[Pixels, Option("A picture of the content's size to start from.", 0, 255)]
    seed: Annotated[int, Option("Which noise to start from.", 0, MAX_INT32, default=0)]


# What a model knows whose card has no table: one of before contract 2.
OPTIONS_OF_CONTRACT_1 = frozenset({"content_weight", "style_weight", "tv_weight", "learning_rate"})


def options_of(table: type) -> dict[str, Option]:
    """The rows by name of a table such as `Options`."""
    fields = {name: get_args(field) for name, field in get_type_hints(table, include_extras=True).items()}
    return {name: option._replace(name=name, type=kind) for name, (kind, option) in fields.items()}


OPTIONS: Mapping[str, Option] = options_of(Options)

# What a person may name as a start. A picture is an input of its own, which the word `image` would only announce.
INIT_WORDS = tuple(word for word in OPTIONS["init"].choices if word != "image")


def stylize_deadline(height: int, width: int, iterations: int) -> float:
    """Seconds after which a run of this size counts as hanging."""
    work = max(iterations, 0) * height * width / 1e6  # the server refuses a negative number, and says so in time
    return DEADLINE_START_SECONDS + DEADLINE_SECONDS_PER_MEGAPIXEL_ITERATION * work
