from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tests.conftest import picture


def encoded(pixels: np.ndarray, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()


def announcing(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header announces any size."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk)) + b"\0" * 40


def stylize(module, content: bytes, style: bytes, iterations: int = 1, **options) -> tuple[np.ndarray, np.ndarray]:
    result = module.stylize_encoded_options(content, style, iterations, **{"size": 0, **options})
    return np.asarray(Image.open(io.BytesIO(result["image_bytes"].numpy()))), result["losses"].numpy()


def test_png_files_give_what_their_pixels_give(module, content, style):
    image, losses = stylize(module, encoded(content, "PNG"), encoded(style, "PNG"), 3)
    expected = module.stylize(content, style, 3)
    np.testing.assert_array_equal(image, expected["image"])
    np.testing.assert_array_equal(losses, expected["losses"])


def test_files_of_further_styles_give_the_picture_of_their_pixels(module, content, style):
    second, third = picture(40, 72, seed=3), picture(36, 36, seed=4)
    files = [encoded(second, "PNG"), encoded(third, "PNG")]
    blend = [1.0, 2.0, 3.0]
    image, _ = stylize(module, encoded(content, "PNG"), encoded(style, "PNG"), 5, more_style_bytes=files, blend=blend)
    padded = np.zeros([2, 40, 72, 3], np.uint8)
    padded[0], padded[1, :36, :36] = second, third
    sizes = [[40, 72], [36, 36]]
    expected = module.stylize(content, style, 5, more_styles=padded, more_style_sizes=sizes, blend=blend)
    np.testing.assert_array_equal(image, expected["image"])


def test_a_jpeg_is_decoded_as_pillow_decodes_it(module, content, style):
    data = encoded(content, "JPEG", quality=90)
    pixels = np.asarray(Image.open(io.BytesIO(data)))
    image, _ = stylize(module, data, encoded(style, "PNG"))
    np.testing.assert_array_equal(image, module.stylize(pixels, style, 1)["image"])


@pytest.mark.parametrize("mode", ["L", "RGBA", "P"])
def test_grey_palette_and_transparent_files_become_rgb(module, content, style, mode):
    file = Image.fromarray(content).convert(mode)
    buffer = io.BytesIO()
    file.save(buffer, "PNG")
    image, _ = stylize(module, buffer.getvalue(), encoded(style, "PNG"))
    np.testing.assert_array_equal(image, module.stylize(np.asarray(file.convert("RGB")), style, 1)["image"])


@pytest.mark.parametrize(("size", "shape"), [(0, (48, 64, 3)), (64, (48, 64, 3)), (96, (72, 96, 3)), (46, (34, 46, 3))])
def test_size_is_the_longest_side_and_keeps_the_proportions(module, content, style, size, shape):
    image, _ = stylize(module, encoded(content, "PNG"), encoded(style, "PNG"), size=size)
    assert image.shape == shape


def test_shrinking_is_near_to_pillows_lanczos(module):
    large, style = picture(120, 120), picture(40, 40)
    image, _ = stylize(module, encoded(large, "PNG"), encoded(style, "PNG"), size=60, learning_rate=1e-9)
    expected = np.asarray(Image.fromarray(large).resize((60, 60), Image.Resampling.LANCZOS))
    assert np.abs(image.astype(int) - expected).mean() < 1


def test_a_file_larger_than_the_limit_is_accepted_if_size_shrinks_it(module, style):
    image, _ = stylize(module, encoded(picture(300, 300), "JPEG"), encoded(style, "PNG"), size=64)
    assert image.shape == (64, 64, 3)


BAD_FILES = {
    "empty": (b"", "content_bytes: must be a whole JPEG or PNG file, got something else of 0 bytes"),
    "text": (b"this is no picture at all, but a text", "content_bytes: must be a whole JPEG or PNG file"),
    "gif": (encoded(picture(40, 40), "GIF"), "content_bytes: must be a whole JPEG or PNG file"),
    "start of a jpeg": (b"\xff\xd8\xff", "content_bytes: must be a whole JPEG or PNG file"),
    "truncated jpeg": (encoded(picture(40, 40), "JPEG")[:-300], "Invalid JPEG data"),
    "truncated png": (encoded(picture(40, 40), "PNG")[:-300], "Invalid PNG data"),
    "bomb": (announcing(60_000, 60_000), "content_bytes: a file may hold at most 67108864 pixels, got 60000 x 60000"),
    "overflowing bomb": (announcing(2**31 - 1, 2**31 - 1), "content_bytes: a file may hold at most"),
    "negative": (announcing(2**32 - 1, 2**32 - 1), "content_bytes: a file may hold at most"),
    "no pixels": (announcing(0, 40), "content_bytes: a file may hold at most"),
    "1 x 1": (encoded(picture(1, 1), "PNG"), "content_bytes: height and width must be at least 32"),
    "too large": (encoded(picture(129, 128), "PNG"), "content_bytes: height and width must be .* got 129 x 128"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_file_is_refused(module, style, case):
    data, message = BAD_FILES[case]
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        stylize(module, data, encoded(style, "PNG"))


@pytest.mark.parametrize(
    ("size", "message"), [(-1, "size: must be"), (2**30, "size: must be"), (20, "at least 32"), (9999, "together, got")]
)
def test_a_bad_size_is_refused(module, content, style, size, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        stylize(module, encoded(content, "PNG"), encoded(style, "PNG"), size=size)
