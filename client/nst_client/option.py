"""A row of the table of options: what its values are, and how people and programs give them."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol, get_args, get_origin

from typing_extensions import get_type_hints


class Pixels(Protocol):
    """A picture or a mask as NumPy has it, uint8: nothing that a person could type."""

    def __array__(self) -> Any: ...


class Sides(Protocol):
    """Heights and widths as NumPy has them, int32[n, 2]."""

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
    Pixels: Kind("uint8", "an array", "arrays", lambda value: value),  # checked by its shape: see calls/arrays.py
    Sides: Kind("int32", "an array", "arrays", lambda value: value),
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
    without: str = ""  # what is taken where it is not given, in words, if it is neither of the two
    shape: str = ""  # of an array, by letters: "H,W,3"
    flag: str = ""  # on the command line, where it is not the name
    name: str = ""  # this and the type are those of the field in `Options`
    type: Any = float  # a key of KINDS, or a list of one

    @property
    def is_list(self) -> bool:
        """Whether several values are given."""
        return get_origin(self.type) is list

    @property
    def is_array(self) -> bool:
        """Whether the values are arrays, which have no place in a text."""
        element: Any = self._element
        return element in (Pixels, Sides)

    @property
    def axes(self) -> str:
        """A letter or a number for each axis of the input: "" of a scalar, "n" of a vector, "H,W,3"."""
        return self.shape or ("n" if self.is_list else "")

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
        return self.without or ("none" if self.is_array else "the preset's")

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
        if self.is_array or self.minimum is None or self.maximum is None:
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


def options_of(table: type) -> dict[str, Option]:
    """The rows by name of a table such as `Options`."""
    fields = {name: get_args(field) for name, field in get_type_hints(table, include_extras=True).items()}
    return {name: option._replace(name=name, type=kind) for name, (kind, option) in fields.items()}
