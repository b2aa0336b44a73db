"""TIFF files made tag by tag, in modes that no library at hand writes."""

from __future__ import annotations

import struct
import zlib

import numpy as np

DEFLATE = 8


def tiff(
    levels: np.ndarray,
    photometric: int,
    *,
    order: str = "<",
    extra: int | None = None,
    by_channel: bool = False,
    deflated: bool = False,
    differences: bool = False,
    bits: int | None = None,
    rows: bytes | None = None,
    compression: int = 1,
) -> bytes:
    """A TIFF file, by TIFF 6.0.

    Args:
        levels: uint8 or uint16[height, width, channels].
        photometric: 0 is grey with white 0, 1 grey, 2 RGB, 5 CMYK, 8 Lab.
        order: of bytes, "<" as Intel's or ">" as Motorola's.
        extra: what the last channel is: 0 unknown, 1 alpha that the colours are multiplied by, 2 alpha.
        by_channel: one plane after the other.
        deflated: whether the planes are compressed.
        differences: whether neighbours are subtracted before.
        bits: of a channel; those of the type of `levels` unless given, with the `rows` that hold them.
        rows: in place of those that `levels` makes.
        compression: what to say of planes that are not `deflated`.
    """
    height, width, channels = levels.shape
    planes = np.split(levels, channels, axis=2) if by_channel else [levels]
    strips = [rows or _bytes(plane, order, differences=differences) for plane in planes]
    strips = [zlib.compress(strip) if deflated else strip for strip in strips]
    places = [8 + sum(map(len, strips[:index])) for index in range(len(strips))]
    tags = {
        256: ("I", [width]),
        257: ("I", [height]),
        258: ("H", [bits or 8 * levels.itemsize] * channels),
        259: ("H", [DEFLATE if deflated else compression]),
        262: ("H", [photometric]),
        273: ("I", places),
        277: ("H", [channels]),
        278: ("I", [height]),
        279: ("I", [len(strip) for strip in strips]),
        284: ("H", [2 if by_channel else 1]),
        317: ("H", [2 if differences else 1]),
    }
    if extra is not None:
        tags[338] = ("H", [extra])
    body = b"".join(strips)
    body += bytes(len(body) % 2)
    head = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(f"{order}I", 8 + len(body))
    return head + body + _directory(tags, order, 8 + len(body))


def _bytes(plane: np.ndarray, order: str, *, differences: bool) -> bytes:
    stored = plane.copy()
    if differences:
        stored[:, 1:] -= plane[:, :-1]
    return stored.astype(plane.dtype.newbyteorder(order)).tobytes()


def _directory(tags: dict[int, tuple[str, list[int]]], order: str, place: int) -> bytes:
    entries, values = b"", b""
    behind = place + 2 + 12 * len(tags) + 4
    for tag, (kind, numbers) in sorted(tags.items()):
        value = struct.pack(f"{order}{len(numbers)}{kind}", *numbers)
        if len(value) > 4:
            value, values = struct.pack(f"{order}I", behind + len(values)), values + value
        entries += struct.pack(f"{order}HHI", tag, {"H": 3, "I": 4}[kind], len(numbers)) + value.ljust(4, b"\0")
    return struct.pack(f"{order}H", len(tags)) + entries + bytes(4) + values
