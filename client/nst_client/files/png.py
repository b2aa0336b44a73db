"""PNG files without what is beside the picture: Pillow refuses a whole file for a side chunk that others pass over."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from PIL import PngImagePlugin

SIGNATURE_BYTES = 8
HEAD_BYTES, CHECKSUM_BYTES = 8, 4  # of a chunk, around its data

MAX_PROFILE_BYTES = 2**25  # the largest ICC profiles, for printers of many inks, have 10 MB

# The ancillary chunks that bear on the pixels: which are transparent, and which way is up.
TRANSPARENCY, PROFILE = b"tRNS", b"iCCP"
ORIENTATION = {b"eXIf": b"", b"iTXt": b"XML:com.adobe.xmp\0", b"zTXt": b"Raw profile type exif\0"}  # and their keys
ORIENTATION[b"tEXt"] = ORIENTATION[b"zTXt"]


class Png(NamedTuple):
    """A file that holds a picture and nothing else, and the ICC profile that was in it."""

    data: bytes
    profile: bytes | None


class _Chunk(NamedTuple):
    name: bytes
    data: memoryview
    raw: memoryview  # with head and checksum
    is_sound: bool  # its checksum is right

    @property
    def is_critical(self) -> bool:
        """By the standard: PNG, 3rd edition, 5.4."""
        return not self.name[0] & 0x20


def without_side_chunks(data: bytes) -> Png:
    """Leaves out every ancillary chunk that is damaged, that Pillow refuses, or that does not bear on the pixels.

    An animation loses its frames: what is left is the picture that other readers show.

    Args:
        data: a file that begins like a PNG.

    Raises:
        ValueError: a critical chunk is damaged.
    """
    kept: list[bytes | memoryview] = [data[:SIGNATURE_BYTES]]
    seen: set[bytes] = set()
    profile, colour_type = None, -1
    for chunk in _chunks(data):
        name, first = chunk.name, chunk.name not in seen
        if chunk.is_critical:
            if not chunk.is_sound:
                raise ValueError(f"its {name.decode()} chunk has a wrong checksum")
            if name == b"IHDR" and len(chunk.data) > 9:
                colour_type = chunk.data[9]
            kept.append(chunk.raw)
        elif not (first and chunk.is_sound):
            continue
        elif name == PROFILE and b"IDAT" not in seen:
            profile = _profile(bytes(chunk.data))
        elif name == TRANSPARENCY:
            if b"IDAT" not in seen and _fits(len(chunk.data), colour_type):
                kept.append(chunk.raw)
        elif name in ORIENTATION and _is_readable(chunk):
            kept.append(chunk.raw)
        else:
            continue
        seen.add(name)
    return Png(b"".join(kept), profile)


def _chunks(data: bytes) -> Iterator[_Chunk]:
    """All chunks up to the last; one that is cut off counts as sound, so that its reader says that it is cut off."""
    view, place = memoryview(data), SIGNATURE_BYTES
    while place + HEAD_BYTES <= len(data):
        length, name = struct.unpack_from(">I4s", data, place)
        if not name.isalpha():  # whatever follows cannot be told apart
            return
        start = place + HEAD_BYTES
        end = start + length
        place = end + CHECKSUM_BYTES
        content = view[start:end]
        if place > len(data):
            yield _Chunk(name, content, view[start - HEAD_BYTES :], is_sound=not name[0] & 0x20)
            return
        (checksum,) = struct.unpack_from(">I", data, end)
        yield _Chunk(name, content, view[start - HEAD_BYTES : place], zlib.crc32(content, zlib.crc32(name)) == checksum)
        if name == b"IEND":
            return


def _fits(length: int, colour_type: int) -> bool:
    """Whether a transparency chunk has the length that its kind of picture asks for: PNG, 3rd edition, 11.3.1.1."""
    return (colour_type, length) in ((0, 2), (2, 6)) or (colour_type == 3 and 1 <= length <= 256)


def _profile(data: bytes) -> bytes | None:
    """The ICC profile behind its name and a zero; None where it cannot be had."""
    _, _, packed = data.partition(b"\0\0")  # the second zero is the only method of compression
    unpacker = zlib.decompressobj()
    try:
        profile = unpacker.decompress(packed, MAX_PROFILE_BYTES)
    except zlib.error:
        return None
    return profile if unpacker.eof else None


def _is_readable(chunk: _Chunk) -> bool:
    """Whether it may say which way is up, and Pillow, which has limits of its own, reads it."""
    if not bytes(chunk.data[:24]).startswith(ORIENTATION[chunk.name]):
        return False
    try:
        PngImagePlugin.PngStream(io.BytesIO(chunk.data)).call(chunk.name, 0, len(chunk.data))
    except (ValueError, SyntaxError, IndexError):
        return False
    return True
