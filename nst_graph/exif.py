"""Which way up a camera held a picture: the orientation in the EXIF data of a JPEG or PNG file, read inside the graph.

Everything is read from a window at the file's beginning, at places that are clamped to it, and without a loop: data
that is damaged, or not there, gives an upright picture and never an error.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence

import tensorflow as tf

UPRIGHT = 1

WINDOW_BYTES = 2**18  # cameras put EXIF data first, programs at most behind an ICC profile

# EXIF data is a TIFF file in a segment or chunk of its own: its first bytes stand nowhere else by chance.
ANY = None
TIFF_HEADS = (b"II*\0", b"MM\0*")  # of Intel's and Motorola's order
JPEG_HEAD = (0xFF, 0xE1, ANY, ANY, *b"Exif\0\0")  # EXIF 2.3, 4.7.2: marker, length, name
JPEG_PIXELS = (0xFF, 0xDA, 0)  # what follows may be another picture with EXIF data of its own
PNG_HEAD = (0, ANY, ANY, ANY, *b"eXIf")  # PNG, 3rd edition, 11.3.3.4: length, name
PNG_PIXELS = tuple(b"IDAT")

MAX_ENTRIES = 256  # of a directory; cameras write about 20
ENTRY_BYTES = 12
PADDING = 2 + MAX_ENTRIES * ENTRY_BYTES  # zeros behind the data, so that all that is read at its end is there

ORIENTATION_TAG, SHORT = 0x0112, 3  # EXIF 2.3, 4.6.2 and 4.6.4


@tf.function(autograph=False, input_signature=[tf.TensorSpec([], tf.string), tf.TensorSpec([], tf.bool)])
def orientation(data: tf.Tensor, is_png: tf.Tensor) -> tf.Tensor:
    """How a picture is stored: int32[], 1 to 8 as in EXIF 2.3, table of tag 274.

    A function of the graph, so that a model holds it once and not for each picture of each signature: that would be
    four tenths of its nodes.

    Args:
        data: string[], the file.
        is_png: bool[]; anything else is searched as a JPEG.
    """
    window = tf.cast(tf.io.decode_raw(tf.strings.substr(data, 0, WINDOW_BYTES), tf.uint8), tf.int32)
    return _in_directory(tf.cond(is_png, lambda: _in_png(window), lambda: _in_jpeg(window)))


def upright(image: tf.Tensor, stored: tf.Tensor) -> tf.Tensor:
    """Turns a picture, uint8[height, width, 3], from how it is `stored`, int32[], to how it was seen."""
    image = tf.cond(stored >= 5, lambda: tf.transpose(image, [1, 0, 2]), lambda: image)
    image = tf.cond(_is_one_of(stored, (2, 3, 6, 7)), lambda: tf.reverse(image, [1]), lambda: image)
    return tf.cond(_is_one_of(stored, (3, 4, 7, 8)), lambda: tf.reverse(image, [0]), lambda: image)


def _in_jpeg(window: tf.Tensor) -> tf.Tensor:
    """The EXIF data of a JPEG's window: int32[n], one number a byte; empty if there is none."""
    start = _first_exif(window, JPEG_HEAD, JPEG_PIXELS)
    length = _part(window, start + 2, 2)  # its own two bytes and the name included
    end = start + 2 + length[0] * 256 + length[1]
    return window[tf.minimum(start + len(JPEG_HEAD), tf.size(window)) : end]


def _in_png(window: tf.Tensor) -> tf.Tensor:
    """The EXIF data of a PNG's window, as of a JPEG's. The chunk's checksum is not looked at."""
    start = _first_exif(window, PNG_HEAD, PNG_PIXELS)
    length = _part(window, start + 1, 3)
    begin = start + len(PNG_HEAD)
    return window[tf.minimum(begin, tf.size(window)) : begin + length[0] * 65536 + length[1] * 256 + length[2]]


def _first_exif(window: tf.Tensor, head: Sequence[int | None], pixels: Sequence[int]) -> tf.Tensor:
    """Where a head with a TIFF file behind it begins, before the pixels: int32[]; the window's size if nowhere."""
    first = tf.minimum(*(_first(window, (*head, *tiff)) for tiff in TIFF_HEADS))
    return tf.where(first < _first(window, pixels), first, tf.size(window))


def _first(window: tf.Tensor, pattern: Sequence[int | None]) -> tf.Tensor:
    """Where a pattern, in which ANY is any byte, begins for the first time: int32[]; the window's size if nowhere."""
    size = tf.size(window)
    padded = tf.pad(window, [[0, len(pattern)]])
    places = tf.range(size)
    for index, byte in enumerate(pattern):
        if byte is not ANY:
            places = tf.where(padded[index : size + index] == byte, places, size)
    return tf.reduce_min(tf.concat([places, [size]], axis=0))


def _in_directory(data: tf.Tensor) -> tf.Tensor:
    """The orientation in EXIF data, int32[n]: TIFF 6.0, section 2; int32[]."""
    is_intel = tf.reduce_all(_part(data, 0, 4) == list(TIFF_HEADS[0]))
    place, is_near = _number(_part(data, 4, 4), is_intel)
    place = tf.where(is_near, place, tf.size(data))
    count, _ = _number(_part(data, place, 2), is_intel)
    entries = tf.reshape(_part(data, place + 2, MAX_ENTRIES * ENTRY_BYTES), [MAX_ENTRIES, ENTRY_BYTES])
    tag, _ = _number(entries[:, 0:2], is_intel)
    kind, _ = _number(entries[:, 2:4], is_intel)
    values, is_small = _number(entries[:, 4:8], is_intel)
    value, _ = _number(entries[:, 8:10], is_intel)
    is_wanted = (tag == ORIENTATION_TAG) & (kind == SHORT) & (values == 1) & is_small & (tf.range(MAX_ENTRIES) < count)
    found = tf.reduce_max(tf.where(is_wanted, value, 0))
    return tf.where((found >= UPRIGHT) & (found <= 8), found, UPRIGHT)


def _part(data: tf.Tensor, place: tf.Tensor | int, count: int) -> tf.Tensor:
    """Bytes from a place on: int32[count], zeros behind the end."""
    padded = tf.pad(data, [[0, PADDING]])
    return tf.slice(padded, [tf.minimum(place, tf.size(data))], [count])


def _number(digits: tf.Tensor, is_intel: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Whole numbers, int32[...], from their bytes, int32[..., 2 or 4], and whether they are below 2**24."""
    lowest_first = tf.where(is_intel, digits, digits[..., ::-1])
    weights = (1, 256, 65536, 0)[: digits.shape[-1]]
    is_small = tf.reduce_all(lowest_first[..., 3:] == 0, axis=-1)
    return tf.reduce_sum(lowest_first * weights, axis=-1), is_small


def _is_one_of(stored: tf.Tensor, values: tuple[int, ...]) -> tf.Tensor:
    return functools.reduce(operator.or_, (stored == value for value in values))
