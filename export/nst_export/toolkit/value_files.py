"""Values in files: NumPy's arrays, tensors as messages, pictures, and texts as they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import numpy as np
from google.protobuf.message import DecodeError

from nst_export.errors import InputError, SavedModelError
from nst_export.saved_model.messages import tensor_pb2
from nst_export.saved_model.tensor_arrays import MOST_BYTES, TEXTS, array_of
from nst_export.toolkit.report import Input
from nst_export.toolkit.words import tensor_in_words

NUMPY_SUFFIX, TENSOR_SUFFIX = ".npy", ".tensor"  # the second is a TensorProto, which holds texts of any bytes
COLOURS = 3

# Reads a picture, uint8[height, width, 3], of the height and width that are asked for; None: of its own.
ReadPicture: TypeAlias = Callable[[Path, int | None, int | None], np.ndarray]


def array_in(one: Input, dtype: np.dtype, file: Path, read_picture: ReadPicture) -> np.ndarray:
    """What a file holds, for an input, before it is converted to the input's dtype.

    A .npy file is an array, a .tensor file a message; else an input of texts takes the file's bytes, and one of
    numbers its pixels: 0 to 255 as whole numbers, 0 to 1 as others.

    Raises:
        InputError: it cannot be read, or is no picture where one is needed.
        ValueError: it is damaged.
    """
    suffix = file.suffix.lower()
    if suffix == NUMPY_SUFFIX:
        return _numpy_array(one, file)
    if suffix == TENSOR_SUFFIX:
        try:
            return array_of(tensor_pb2.TensorProto.FromString(bytes_of(one, file)))
        except (DecodeError, SavedModelError) as error:
            raise ValueError(f"it holds no tensor: {error}".rstrip(".")) from error
    if dtype == TEXTS:
        texts = np.empty([1] * len(one.shape or ()), object)
        texts[...] = bytes_of(one, file)
        return texts
    return _picture(one, dtype, file, read_picture)


def bytes_of(one: Input, file: Path) -> bytes:
    """The whole file.

    Raises:
        InputError: it cannot be read, or no message could hold it.
    """
    _check(one, file)
    try:
        return file.read_bytes()
    except OSError as error:
        raise _unreadable(one, file, error) from error


def _check(one: Input, file: Path) -> None:
    """Refuses what is no file, and what is too large, before it is read."""
    try:
        size = file.stat().st_size
    except (OSError, ValueError) as error:
        raise _unreadable(one, file, error) from error
    if not file.is_file():
        raise InputError(f"{one.name}: {file} is not a file.", "Name a file.")
    if size > MOST_BYTES:
        raise InputError(f"{one.name}: {file} has {size:,} bytes, and a message at most {MOST_BYTES:,}.", "Shrink it.")


def _unreadable(one: Input, file: Path, error: OSError | ValueError) -> InputError:
    return InputError(f"{one.name}: {file} cannot be read: {getattr(error, 'strerror', error)}.", "Check the path.")


def _numpy_array(one: Input, file: Path) -> np.ndarray:
    _check(one, file)
    try:
        # Mapped, since a header may claim more than the file holds, for which memory would be taken otherwise.
        return np.array(np.load(file, mmap_mode="r", allow_pickle=False))
    except OSError as error:
        raise _unreadable(one, file, error) from error
    except (ValueError, EOFError, SyntaxError) as error:
        raise ValueError(f"it holds no array that can be read: {error}".rstrip(".")) from error


def _picture(one: Input, dtype: np.dtype, file: Path, read_picture: ReadPicture) -> np.ndarray:
    shape = one.shape if one.shape is not None else (None, None, COLOURS)
    batch, sides = shape[:-3], shape[-3:]
    if len(sides) != 3 or sides[2] not in (None, COLOURS) or len(batch) > 1 or batch not in ((), (None,), (1,)):
        raise InputError(
            f"{one.name}: must be {tensor_in_words(one)}, which is no place for the picture {file}.",
            f"Pass an array: {one.name}=@FILE{NUMPY_SUFFIX}.",
        )
    _check(one, file)
    pixels = read_picture(file, sides[0], sides[1])
    levels = pixels if dtype.kind in "iu" else pixels.astype(np.float32) / np.float32(255)
    return levels.reshape(1, *levels.shape) if batch else levels
