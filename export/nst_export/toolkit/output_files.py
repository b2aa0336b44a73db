"""An output as a file that other programs read: a picture as a picture, a text as a text, an array as NumPy's."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from nst_export.saved_model.tensor_arrays import TEXTS, proto_of
from nst_export.toolkit.value_files import COLOURS, NUMPY_SUFFIX, TENSOR_SUFFIX

BEGINNINGS = {b"\x89PNG\r\n\x1a\n": ".png", b"\xff\xd8\xff": ".jpg", b"{": ".json"}
NOT_IN_NAMES = re.compile(r"[^\w.-]|^\.")  # a model may call its outputs ../../x


class Content(NamedTuple):
    """What is written."""

    suffix: str
    data: bytes


def write_output(
    folder: Path, name: str, array: np.ndarray, taken: Collection[str | None], write: Callable[[Path, bytes], None]
) -> Path:
    """Writes an output, and returns its file, whose name is that of the output as far as files can have it.

    Args:
        folder: for it.
        name: of the output.
        array: its value.
        taken: files that are there from other outputs.
        write: writes a file.
    """
    suffix, data = content_of(array)
    stem = NOT_IN_NAMES.sub("_", name) or "_"
    file, number = folder / f"{stem}{suffix}", 1
    while str(file) in taken:
        number += 1
        file = folder / f"{stem}_{number}{suffix}"
    write(file, data)
    return file


def content_of(array: np.ndarray) -> Content:
    """The bytes of a file, and its suffix.

    A picture is .png, a single text as its bytes say, several are .tensor, for NumPy drops zeros at their ends.
    """
    if array.dtype == TEXTS and array.shape == ():
        text: bytes = array.item()
        return Content(_suffix_of(text), text)
    if array.dtype == TEXTS or array.dtype.kind == "V":
        return Content(TENSOR_SUFFIX, proto_of(array).SerializeToString())
    picture = array[0] if array.ndim == 4 and len(array) == 1 else array
    buffer = io.BytesIO()
    if array.dtype == np.uint8 and picture.ndim == 3 and picture.shape[2] == COLOURS and picture.size:
        Image.fromarray(picture).save(buffer, "PNG")
        return Content(".png", buffer.getvalue())
    np.save(buffer, array)
    return Content(NUMPY_SUFFIX, buffer.getvalue())


def _suffix_of(text: bytes) -> str:
    known = next((suffix for beginning, suffix in BEGINNINGS.items() if text.startswith(beginning)), None)
    if known is not None:
        return known
    try:
        text.decode()
    except UnicodeDecodeError:
        return ".bin"
    return ".txt"
