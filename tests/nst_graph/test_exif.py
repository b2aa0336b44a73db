"""A photo that was taken with the camera on its side is turned upright, and no EXIF data can do any harm."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageOps

from nst_graph.exif import WINDOW_BYTES, orientation, upright

PIXELS = np.random.default_rng(0).integers(0, 256, (16, 24, 3), np.uint8)


@tf.function(input_signature=[tf.TensorSpec([], tf.string)])
def orientation_in(data: tf.Tensor) -> tf.Tensor:
    return orientation(data, tf.strings.substr(data, 0, 4) == b"\x89PNG")


def entry(tag: int = 0x112, kind: int = 3, count: int = 1, value: int = 6, order: str = "<") -> bytes:
    return struct.pack(f"{order}HHIHH", tag, kind, count, value, 0)


def directory(*entries: bytes, order: str = "<", place: int = 8, count: int | None = None) -> bytes:
    head = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(f"{order}I", place)
    return (
        head + bytes(max(0, min(place, 99) - 8)) + struct.pack(f"{order}H", count or len(entries)) + b"".join(entries)
    )


def segment(marker: int, data: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(data) + 2) + data


def jpeg(*segments: bytes) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(PIXELS).save(buffer, "JPEG", quality=95)
    return b"\xff\xd8" + b"".join(segments) + buffer.getvalue()[2:]


def png(exif: bytes, before: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(PIXELS).save(buffer, "PNG")
    data = buffer.getvalue()
    return data[:33] + before + struct.pack(">I", len(exif)) + b"eXIf" + exif + bytes(4) + data[33:]


def exif_segment(*entries: bytes, **how) -> bytes:
    return segment(0xE1, b"Exif\0\0" + directory(*entries, **how))


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("stored", range(1, 9))
def test_every_orientation_is_read_and_turned_as_pillow_does(stored: int, kind: str):
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "a camera's maker", stored
    buffer = io.BytesIO()
    Image.fromarray(PIXELS).save(buffer, kind, exif=exif)
    assert orientation_in(buffer.getvalue()) == stored
    file = Image.open(buffer)
    turned = upright(tf.constant(np.asarray(file)), tf.constant(stored))
    np.testing.assert_array_equal(turned, np.asarray(ImageOps.exif_transpose(file)))


LONG = segment(0xE2, b"ICC_PROFILE\0" + bytes(65_000))

FOUND = {
    "Motorola's order": jpeg(exif_segment(entry(order=">"), order=">")),
    "behind other segments": jpeg(segment(0xE0, b"JFIF\0"), segment(0xFE, b"a comment"), exif_segment(entry())),
    "behind a long profile": jpeg(*[LONG] * 3, exif_segment(entry())),
    "behind XMP in a segment of its number": jpeg(segment(0xE1, b"http://ns.adobe.com/xap/"), exif_segment(entry())),
    "behind filling": jpeg(b"\xff\xff" + exif_segment(entry())),
    "behind other entries": jpeg(exif_segment(*[entry(tag=0x10F)] * 200, entry())),
    "a directory further back": jpeg(exif_segment(entry(), place=40)),
    "the first of two": jpeg(exif_segment(entry()), exif_segment(entry(value=3))),
    "in a PNG behind text": png(directory(entry()), before=struct.pack(">I", 5) + b"tEXta\0bcd" + bytes(4)),
}

UPRIGHT = {
    "nothing": b"",
    "no segments": b"\xff\xd8",
    "no chunks": b"\x89PNG\r\n\x1a\n",
    "a JPEG without": jpeg(),
    "empty": jpeg(segment(0xE1, b"Exif\0\0")),
    "no TIFF": jpeg(segment(0xE1, b"Exif\0\0nonsense")),
    "an order that is none": jpeg(segment(0xE1, b"Exif\0\0IM*\0" + directory(entry())[4:])),
    "0": jpeg(exif_segment(entry(value=0))),
    "9": jpeg(exif_segment(entry(value=9))),
    "65535": jpeg(exif_segment(entry(value=65535))),
    "two values": jpeg(exif_segment(entry(count=2))),
    "text": jpeg(exif_segment(entry(kind=2))),
    "no entries": jpeg(exif_segment()),
    "cut off in its entry": jpeg(segment(0xE1, (b"Exif\0\0" + directory(entry()))[:-5])),
    "a directory beyond the segment": jpeg(segment(0xE1, b"Exif\0\0" + directory(entry(), place=2**32 - 1))),
    "a directory in the next segment": jpeg(
        segment(0xE1, b"Exif\0\0" + directory(place=20)[:8]), bytes(9) + directory()
    ),
    "more entries than there are": jpeg(exif_segment(entry(tag=1), count=65535)),
    "a segment of no length": jpeg(b"\xff\xe1\0\0" + b"Exif\0\0" + directory(entry())),
    "a segment beyond the file": b"\xff\xd8\xff\xe0\xff\xff",
    "behind the picture's data": b"\xff\xd8" + segment(0xDA, b"\0") + exif_segment(entry()),
    "of another picture behind this one": jpeg()[:-2] + jpeg(exif_segment(entry())),
    "of another picture behind this PNG": png(b"nonsense") + png(directory(entry())),
    "beyond the window": jpeg(*[LONG] * (WINDOW_BYTES // 65_000 + 1), exif_segment(entry())),
    "a chunk beyond the file": png(b"")[:33] + b"\x7f\xff\xff\xffeXIf" + directory(entry()),
    "a chunk of nonsense": png(b"nonsense"),
}


@pytest.mark.parametrize("data", FOUND.values(), ids=FOUND)
def test_it_is_found_wherever_a_program_puts_it(data: bytes):
    assert orientation_in(data) == 6


@pytest.mark.parametrize("data", UPRIGHT.values(), ids=UPRIGHT)
def test_data_that_is_damaged_or_not_there_leaves_a_picture_as_it_is(data: bytes):
    assert orientation_in(data) == 1


def test_no_damage_is_an_error():
    generator = np.random.default_rng(5)
    whole = [jpeg(exif_segment(entry(tag=1), entry())), png(directory(entry(order=">"), order=">"))]
    for data in whole * 500:
        broken = np.frombuffer(data[: generator.integers(1, len(data))], np.uint8).copy()
        places = generator.integers(0, min(len(broken), 70), generator.integers(1, 6))
        broken[places] = generator.choice((0, 1, 127, 128, 255, generator.integers(256)), places.size)
        assert 1 <= orientation_in(broken.tobytes()) <= 8
        assert 1 <= orientation_in(generator.bytes(generator.integers(200))) <= 8


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_files_are_turned_upright_before_they_are_sized_and_stylised(module, content, style, kind: str):
    exif = Image.Exif()
    exif[0x112] = 6
    buffer = io.BytesIO()
    Image.fromarray(content).save(buffer, kind, exif=exif)
    pixels = np.asarray(ImageOps.exif_transpose(Image.open(buffer)))
    styles = io.BytesIO()
    Image.fromarray(style).save(styles, "PNG")
    found = module.stylize_encoded(buffer.getvalue(), styles.getvalue(), 1, 0)["image_bytes"].numpy()
    expected = module.stylize(pixels, style, 1)["image"]
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(found))), expected)
    assert expected.shape == (64, 48, 3)
