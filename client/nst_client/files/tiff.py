"""What Pillow does not know, or gets wrong, about the pixels of TIFF files."""

from __future__ import annotations

import io
import struct
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageChops, TiffImagePlugin, UnidentifiedImageError

# By the tag PhotometricInterpretation: TIFF 6.0, section 8, and the supplements for Lab and for cameras.
COLOURS = {
    0: "grey",
    1: "grey",
    2: "RGB",
    3: "palette",
    4: "mask",
    5: "CMYK",
    6: "YCbCr",
    8: "Lab",
    9: "Lab",
    10: "Lab",
    32803: "camera sensor",
    34892: "camera sensor",
}
CHANNELS = {"RGB": 3, "CMYK": 4, "YCbCr": 3, "Lab": 3}  # without extra ones; the other kinds have one
KINDS = {2: "signed ", 3: "floating-point "}  # by the tag SampleFormat

BITS, COMPRESSION, PHOTOMETRIC, PLANES, EXTRA, SAMPLE_FORMAT = 258, 259, 262, 284, 338, 339
SHORT = 3  # a tag's type
WHITE_IS_ZERO, BLACK_IS_ZERO = 0, 1
ONE_PLANE, SEPARATE_PLANES = 1, 2
ALPHA_IN_COLOURS, ALPHA = 1, 2  # by the tag ExtraSamples: the colours are multiplied by alpha, or not
BIG = 43  # the third byte of a BigTIFF of Intel's order


# What an opened picture's `info` tells of its levels, beside Pillow's own entries.
WHITE, NEGATIVE = "nst white level", "nst white is zero"


class UnreadMode(ValueError):
    """The pixels are of a kind that is not read; the text says which."""


def open_tiff(stream: BinaryIO) -> Image.Image:
    """Opens a TIFF file; what Pillow knows nothing of, or would misread, is noted in `info` for `grey_levels`.

    Raises:
        UnreadMode: Pillow does not read its pixels, or would read others than are in it.
        UnidentifiedImageError: it is damaged.
    """
    tags = _tags(stream)
    negative = tags is not None and _is_unknown_negative(tags)
    try:
        image = Image.open(_readable(stream, tags, negative=negative), formats=["TIFF"])
    except UnidentifiedImageError:
        if tags is None or not {BITS, PHOTOMETRIC} <= set(tags):
            raise
        raise UnreadMode(_mode(tags)) from None
    if tags is None:
        return image
    if _has_misread_planes(tags, image):
        raise UnreadMode(_mode(tags))
    bits = max(_bits(tags))
    if 8 < bits < 16:
        image.info[WHITE] = 2**bits - 1
    image.info[NEGATIVE] = negative
    return image


def grey_levels(image: Image.Image) -> tuple[np.ndarray, int]:
    """The levels of a grey picture of more than 8 bits a pixel, black 0, and which of them is white."""
    levels, white = np.asarray(image), image.info.get(WHITE, 65535)
    return (white - levels.astype(np.int64) if image.info.get(NEGATIVE) else levels), white


def positive(image: Image.Image) -> Image.Image:
    """A grey picture of 8 bits with alpha in which black is 0, as `open_tiff` noted it; any other one as it is."""
    if not image.info.get(NEGATIVE):
        return image
    grey, alpha = image.split()
    return Image.merge("LA", [ImageChops.invert(grey), alpha])


def _tags(stream: BinaryIO) -> TiffImagePlugin.ImageFileDirectory_v2 | None:
    """Of the first picture; None where they cannot be read."""
    stream.seek(0)
    head = stream.read(16)
    try:
        tags = TiffImagePlugin.ImageFileDirectory_v2(head if head[2] == BIG else head[:8])
        stream.seek(tags.next)
        tags.load(stream)
        dict(tags)  # values are read only now
    except (OSError, SyntaxError, ValueError, TypeError, LookupError, struct.error):
        return None
    return tags


def _bits(tags: TiffImagePlugin.ImageFileDirectory_v2) -> tuple[int, ...]:
    bits: tuple[int, ...] = tags.get(BITS, (1,))
    return bits


def _is_unknown_negative(tags: TiffImagePlugin.ImageFileDirectory_v2) -> bool:
    """Whether white is 0 in more bits or channels than Pillow turns over itself."""
    return tags.get(PHOTOMETRIC) == WHITE_IS_ZERO and (max(_bits(tags)) > 8 or len(_bits(tags)) > 1)


def _readable(stream: BinaryIO, tags: TiffImagePlugin.ImageFileDirectory_v2 | None, *, negative: bool) -> BinaryIO:
    """The file with other tags where Pillow does not know a layout, and knows another one of the same bytes."""
    stream.seek(0)
    new = {}
    if negative:
        new[PHOTOMETRIC] = BLACK_IS_ZERO
    if tags is not None and tags.get(PLANES) == SEPARATE_PLANES and len(_bits(tags)) == 1:
        new[PLANES] = ONE_PLANE
    if tags is None or not new:
        return stream
    data = bytearray(stream.read())
    order = "<" if tags.prefix == b"II" else ">"
    count, entry, first, size = ("Q", "HHQH", 8, 20) if data[2] == BIG else ("H", "HHIH", 2, 12)
    for index in range(struct.unpack_from(order + count, data, tags.offset)[0]):
        place = tags.offset + first + index * size
        (tag,) = struct.unpack_from(f"{order}H", data, place)
        if tag in new:
            struct.pack_into(order + entry, data, place, tag, SHORT, 1, new[tag])
    return io.BytesIO(data)


def _has_misread_planes(tags: TiffImagePlugin.ImageFileDirectory_v2, image: Image.Image) -> bool:
    """Whether channels stand one after the other, and not compressed: Pillow takes 16 bits of them for 8."""
    if tags.get(PLANES) != SEPARATE_PLANES or image.info.get("compression") != "raw" or len(_bits(tags)) == 1:
        return False
    return max(_bits(tags)) > 8 or image.mode in ("LA", "La") or tags.get(EXTRA, (0,))[0] == ALPHA_IN_COLOURS


def _mode(tags: TiffImagePlugin.ImageFileDirectory_v2) -> str:
    """What the pixels are: "grey and alpha of 16 bits each"."""
    bits = _bits(tags)
    colours = COLOURS.get(tags[PHOTOMETRIC], f"unknown colours ({tags[PHOTOMETRIC]})")
    extra = len(bits) - CHANNELS.get(colours, 1)
    if extra == 1 and tags.get(EXTRA, (0,))[0] in (ALPHA_IN_COLOURS, ALPHA):
        colours += " and alpha"
    elif extra > 0:
        colours += f" and {extra} more channel{'s'[: extra - 1]}"
    kind = KINDS.get(tags.get(SAMPLE_FORMAT, (1,))[0], "")
    each = " each" if len(bits) > 1 else ""
    words = f"{colours} of {'/'.join(map(str, sorted(set(bits))))} {kind}bits{each}"
    if tags.get(PLANES) == SEPARATE_PLANES:
        words += ", channel by channel"
    compression = tags.get(COMPRESSION, 1)
    return words if compression in TiffImagePlugin.COMPRESSION_INFO else f"{words}, compression {compression}"
