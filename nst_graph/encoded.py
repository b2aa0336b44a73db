"""Pictures as JPEG and PNG files inside the graph."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from nst_graph import validation
from nst_graph.exif import orientation, upright
from nst_graph.limits import MAX_DECODED_PIXELS, MAX_STYLES, Limits

Decode = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]

JPEG_START = b"\xff\xd8\xff"
PNG_START = b"\x89PNG\r\n\x1a\n"
PNG_HEADER_BYTES = 24  # signature, then the IHDR chunk's length, name, width and height


def decode_picture(name: str, data: tf.Tensor, size: tf.Tensor, limits: Limits) -> tf.Tensor:
    """Decodes a file and resizes it.

    Args:
        name: the input's name, for messages.
        data: string[], a JPEG or PNG file. It is turned upright by its EXIF data; alpha is dropped, and an ICC
            profile ignored.
        size: int32[], longest side of the result in pixels; 0 keeps the file's.
        limits: what the result must keep to.

    Returns:
        uint8[height, width, 3].

    The size a file announces is checked before it is decoded: a few kilobytes of PNG can announce
    gigabytes of pixels.
    """
    data = tf.ensure_shape(data, [])
    is_png = tf.strings.substr(data, 0, len(PNG_START)) == PNG_START
    height, width = _announced_size(name, data, is_png)
    longest = tf.maximum(height, width)  # a PNG's sides have 32 bits: their product alone could overflow
    fits = (tf.minimum(height, width) > 0) & (longest <= MAX_DECODED_PIXELS) & (height * width <= MAX_DECODED_PIXELS)
    rule = f"{name}: a file may hold at most {MAX_DECODED_PIXELS} pixels, got "
    announced = [tf.as_string(height), " x ", tf.as_string(width)]
    with tf.control_dependencies([validation.assertion(fits, rule, *announced)]):
        data = tf.identity(data)
    # INTEGER_ACCURATE is what every other reader of JPEG uses; the default is a faster, coarser one.
    image = tf.cond(
        is_png,
        lambda: tf.io.decode_png(data, channels=3),
        lambda: tf.io.decode_jpeg(data, channels=3, dct_method="INTEGER_ACCURATE"),
    )
    return _resize(name, upright(image, orientation(data, is_png)), size, limits)


def decode_several(decode: Decode, files: tf.Tensor, size: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Decodes files of pictures of several sizes.

    Args:
        decode: `decode_picture`, for one file and a size.
        files: string[n].
        size: int32[], of all.

    Returns:
        uint8[n, height, width, 3], padded below and on the right; and int32[n, 2], height and width of each.
    """
    files = tf.ensure_shape(files, [None])
    rule = f"more_style_bytes: must be at most {MAX_STYLES - 1} files, got "
    count = tf.size(files)
    files = validation.required(files, count < MAX_STYLES, rule, tf.as_string(count))

    def add(number: tf.Tensor, pictures: tf.Tensor, sizes: tf.Tensor) -> tuple[tf.Tensor, ...]:
        picture = decode(files[number], size)
        own = tf.shape(picture)[:2]
        largest = tf.maximum(own, tf.shape(pictures)[1:3])
        both = [_padded(pictures, largest), _padded(picture[tf.newaxis], largest)]
        return number + 1, tf.concat(both, axis=0), tf.concat([sizes, own[tf.newaxis]], axis=0)

    nothing = (
        tf.constant(0),
        tf.zeros([0 * count, 0 * count, 0 * count, 3], tf.uint8),
        tf.zeros([0 * count, 2], tf.int32),
    )
    _, pictures, sizes = tf.while_loop(lambda number, *_: number < count, add, nothing)
    return pictures, sizes


def _padded(pictures: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """uint8[n, height, width, 3] with zeros below and on the right, up to a height and a width: int32[2]."""
    missing = size - tf.shape(pictures)[1:3]
    padded = tf.pad(pictures, [[0, 0], [0, missing[0]], [0, missing[1]], [0, 0]])
    return tf.ensure_shape(padded, [None, None, None, 3])


def encode_picture(image: tf.Tensor) -> tf.Tensor:
    """A PNG file: string[] from uint8[height, width, 3]."""
    return tf.io.encode_png(image)


def _announced_size(name: str, data: tf.Tensor, is_png: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Height and width in a file's header: int64[] each."""
    is_jpeg = tf.strings.substr(data, 0, len(JPEG_START)) == JPEG_START
    long_enough = tf.strings.length(data) >= PNG_HEADER_BYTES
    start = tf.strings.length(data)
    rule = f"{name}: must be a whole JPEG or PNG file, got something else of "
    check = validation.assertion((is_png | is_jpeg) & long_enough, rule, tf.as_string(start), " bytes")
    with tf.control_dependencies([check]):
        data = tf.identity(data)

    def png_size() -> tf.Tensor:
        header = tf.cast(tf.io.decode_raw(tf.strings.substr(data, 16, 8), tf.uint8), tf.int64)
        width, height = tf.unstack(tf.reshape(header, [2, 4]) @ tf.constant([[2**24], [2**16], [2**8], [1]], tf.int64))
        return tf.concat([height, width], axis=0)

    def jpeg_size() -> tf.Tensor:
        return tf.cast(tf.io.extract_jpeg_shape(data)[:2], tf.int64)

    height, width = tf.unstack(tf.ensure_shape(tf.cond(is_png, png_size, jpeg_size), [2]))
    return height, width


def _resize(name: str, image: tf.Tensor, size: tf.Tensor, limits: Limits) -> tf.Tensor:
    """Scales the longest side to `size`, keeping the proportions; the filter is Lanczos, antialiased."""
    size = validation.whole_number("size", size, 0, 2**15)
    height, width = tf.shape(image)[0], tf.shape(image)[1]
    factor = tf.where(size > 0, size / tf.maximum(height, width), 1.0)
    new_height, new_width = (tf.cast(tf.round(tf.cast(n, tf.float64) * factor), tf.int32) for n in (height, width))
    new_height, new_width = validation.picture_size(name, new_height, new_width, limits)

    def resized() -> tf.Tensor:
        scaled = tf.image.resize(image, [new_height, new_width], method="lanczos3", antialias=True)
        return tf.saturate_cast(tf.round(scaled), tf.uint8)

    unchanged = (new_height == height) & (new_width == width)
    return tf.ensure_shape(tf.cond(unchanged, lambda: image, resized), [None, None, 3])
