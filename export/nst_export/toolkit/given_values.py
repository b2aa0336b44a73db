"""What a person writes behind `name=` as an array of the input's own dtype and shape: JSON, a text, or a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from nst_export.errors import InputError
from nst_export.saved_model.tensor_arrays import numpy_dtype
from nst_export.saved_model.tensor_values import Shape
from nst_export.toolkit.report import Input
from nst_export.toolkit.value_files import ReadPicture, array_in, bytes_of
from nst_export.toolkit.words import tensor_in_words

FILE = "@"  # begins the name of a file
JSON_SUFFIX = ".json"
LONGEST_SHOWN = 40  # letters of a value in a message

# By the kind of the input's dtype, as NumPy has it: what may be given for it, and what that is called.
TEXT, BFLOAT16 = "O", "V"
KINDS = {
    "b": ("b", "true or false"),
    "i": ("iu", "whole numbers"),
    "u": ("iu", "whole numbers"),
    "f": ("iuf", "numbers"),
    BFLOAT16: ("iufV", "numbers"),
    "c": ("iufc", "numbers"),
    TEXT: ("USO", "texts"),
}


def given_value(one: Input, text: str, read_picture: ReadPicture) -> np.ndarray:
    """The array for an input; texts are bytes in an array of objects.

    Args:
        one: the input.
        text: JSON, a text for an input of texts, or @ and the name of a file.
        read_picture: reads pictures.

    Raises:
        InputError: it does not fit; the message has the input's name, the rule and the value.
    """
    dtype = numpy_dtype(one.dtype)
    if dtype is None:
        raise InputError(f"{one.name}: no value of {one.dtype} can be given.", "Call another signature.")
    file = Path(text.removeprefix(FILE)) if text.startswith(FILE) else None
    try:
        if file is None:
            array = _typed(one, dtype, text)
        elif file.suffix.lower() == JSON_SUFFIX and dtype.kind != TEXT:
            array = _of_json(bytes_of(one, file))
        else:
            array = array_in(one, dtype, file, read_picture)
        converted = _converted(array, dtype)
    except (ValueError, OverflowError, RecursionError) as error:
        raise _refused(one, text, str(error)) from error
    if not fits(one.shape, converted.shape):
        raise _refused(one, text, f"it has the shape {_axes(converted.shape)}")
    return converted


def fits(wanted: Shape, found: tuple[int, ...]) -> bool:
    """Whether an array of this shape may be given where that one is wanted."""
    if wanted is None:
        return True
    return len(wanted) == len(found) and all(a in (None, b) for a, b in zip(wanted, found, strict=True))


def _typed(one: Input, dtype: np.dtype, text: str) -> np.ndarray:
    """A text as it stands where a single one is wanted, else what it says as JSON."""
    if dtype.kind == TEXT and one.shape == ():
        return np.array(text)
    try:
        return _of_json(text)
    except ValueError:
        if dtype.kind == TEXT and one.shape is None:
            return np.array(text)
        raise


def _of_json(text: str | bytes) -> np.ndarray:
    try:
        value: Any = json.loads(text)
    except ValueError:
        raise ValueError("it is not JSON") from None
    try:
        return np.array(value)
    except ValueError:
        raise ValueError("its lists have several lengths") from None


def _converted(array: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """The same values in another dtype.

    Raises:
        ValueError: it does not hold them.
    """
    kinds, words = KINDS[dtype.kind]
    if array.size and (array.dtype.kind not in kinds or (array.dtype.kind == TEXT and dtype.kind != TEXT)):
        raise ValueError(f"it must hold {words}")
    if dtype.kind == TEXT:
        return _bytes(array)
    if dtype.kind in "iu" and array.size:
        ends = np.iinfo(dtype)
        if int(array.min()) < ends.min or int(array.max()) > ends.max:
            raise ValueError(f"{dtype} goes from {ends.min} to {ends.max}")
    with np.errstate(over="ignore"):
        converted = array.astype(dtype)
    if dtype.kind not in "iub" and not np.array_equal(np.isfinite(converted), np.isfinite(array)):
        raise ValueError(f"it is more than {dtype} holds")
    return converted


def _bytes(array: np.ndarray) -> np.ndarray:
    texts = np.empty(array.shape, object)
    for place, one in np.ndenumerate(array):
        if not isinstance(one, (str, bytes)):
            raise ValueError("it must hold texts")  # noqa: TRY004  (one kind of error for all that does not fit)
        texts[place] = one.encode() if isinstance(one, str) else bytes(one)
    return texts


def _refused(one: Input, text: str, reason: str) -> InputError:
    shown = text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."
    remedy = f"Write {one.name}={_example(one)}, or {one.name}=@FILE with what `nst run --help` lists."
    return InputError(f"{one.name}: must be {tensor_in_words(one)}, got {shown!r}: {reason}.", remedy)


def _example(one: Input) -> str:
    """Something of the right kind and number of axes."""
    axes = len(one.shape or ())
    word = {"string": '"text"' if axes else "text", "bool": "true"}.get(one.dtype, "1")
    return "[" * axes + word + "]" * axes


def _axes(shape: tuple[int, ...]) -> str:
    return f"[{','.join(map(str, shape))}]"
