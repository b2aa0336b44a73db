"""A PNG is read whatever stands beside its picture; what bears on the picture itself is heeded, and checked."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms

from nst_client.errors import PictureError
from nst_client.files.pictures import read_picture

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
MEGABYTES = b"word " * 400_000  # two of them
BEHIND_HEADER = 8 + 25


def chunk(name: bytes, data: bytes, *, sound: bool = True) -> bytes:
    checksum = zlib.crc32(name + data) ^ (0 if sound else 1)
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", checksum)


def exif(orientation: int) -> bytes:
    return b"II*\0" + struct.pack("<IHHHIII", 8, 1, ExifTags.Base.Orientation, 3, 1, orientation, 0)


def swapped_profile(padding: int = 0) -> bytes:
    """SRGB with the names of its primaries exchanged, and zeros behind it, which its tags do not speak of."""
    swapped = SRGB.replace(b"rXYZ", b"....").replace(b"gXYZ", b"rXYZ").replace(b"....", b"gXYZ") + bytes(padding)
    return struct.pack(">I", len(swapped)) + swapped[4:]


def packed_profile(profile: bytes, method: int = 0) -> bytes:
    return b"mine\0" + bytes([method]) + zlib.compress(profile)


RAW_EXIF = b"\nexif\n%8d\n%s\n" % (len(exif(6)) + 6, (b"Exif\0\0" + exif(6)).hex().encode())  # as ImageMagick writes it


# Each of them made Pillow refuse the whole file, or poisoned what it knows of the picture.
IGNORED = {
    "text with a wrong checksum": chunk(b"tEXt", b"Author\0me", sound=False),
    "private chunk with a wrong checksum": chunk(b"prVt", b"mine", sound=False),
    "profile with a wrong checksum": chunk(b"iCCP", packed_profile(swapped_profile()), sound=False),
    "profile that unpacks to a gigabyte": chunk(b"iCCP", packed_profile(bytes(2**26))),
    "profile packed by no known method": chunk(b"iCCP", packed_profile(SRGB, method=7)),
    "profile that is cut off": chunk(b"iCCP", packed_profile(swapped_profile())[:200]),
    "profile without a name": chunk(b"iCCP", b""),
    "packed text of megabytes": chunk(b"zTXt", b"note\0\0" + zlib.compress(MEGABYTES)),
    "international text of megabytes": chunk(b"iTXt", b"note\0\1\0en\0\0" + zlib.compress(MEGABYTES)),
    "XMP of megabytes": chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(MEGABYTES)),
    "text packed by no known method": chunk(b"zTXt", b"note\0\7" + zlib.compress(b"a")),
    "much text": chunk(b"zTXt", b"note\0\0" + zlib.compress(MEGABYTES[:1_000_000])) * 70,
    "text that is called like what Pillow knows": b"".join(
        chunk(b"tEXt", key + b"\0nonsense")
        for key in (b"transparency", b"icc_profile", b"exif", b"bbox", b"interlace", b"gamma")
    ),
    "resolution that is cut off": chunk(b"pHYs", b"\0\0\0"),
    "gamma that is cut off": chunk(b"gAMA", b"\0"),
    "chromaticities that are cut off": chunk(b"cHRM", b"\0" * 8),
    "rendering intent without a value": chunk(b"sRGB", b""),
    "transparency of another colour type": chunk(b"tRNS", b"\0\1"),
    "transparency with a wrong checksum": chunk(b"tRNS", b"\0\1\0\2\0\3", sound=False),
    "animation that is cut off": chunk(b"acTL", b"\0"),
    "animation out of sequence": chunk(b"acTL", struct.pack(">II", 2, 0)) + chunk(b"fcTL", struct.pack(">I", 7) * 7),
    "frame beside the picture": chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, 900, 900, 9, 9, 1, 1, 0, 0)),
    "EXIF data that is none": chunk(b"eXIf", b"nonsense"),
    "empty EXIF data": chunk(b"eXIf", b""),
    "EXIF data as text that is no number": chunk(b"tEXt", b"Raw profile type exif\0\nexif\n 4\nzzzz\n"),
}


def png_of(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def beside(pixels: np.ndarray, side: bytes) -> bytes:
    data = png_of(pixels)
    return data[:BEHIND_HEADER] + side + data[BEHIND_HEADER:]


@pytest.mark.parametrize("side", IGNORED.values(), ids=IGNORED)
def test_what_stands_beside_a_picture_does_not_keep_it_from_being_read(tmp_path: Path, pixels: np.ndarray, side: bytes):
    (tmp_path / "photo.png").write_bytes(beside(pixels, side))
    picture = read_picture(tmp_path / "photo.png")
    assert np.array_equal(picture.pixels, pixels)
    assert picture.alpha is None


@pytest.mark.parametrize("side", IGNORED.values(), ids=IGNORED)
def test_nor_does_it_behind_the_picture(tmp_path: Path, pixels: np.ndarray, side: bytes):
    data = png_of(pixels)
    (tmp_path / "photo.png").write_bytes(data[:-12] + side + data[-12:])
    assert np.array_equal(read_picture(tmp_path / "photo.png").pixels, pixels)


ORIENTATIONS = {
    "EXIF": chunk(b"eXIf", exif(6)),
    "EXIF as text": chunk(b"tEXt", b"Raw profile type exif\0" + RAW_EXIF),
    "EXIF as packed text": chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(RAW_EXIF)),
    "XMP": chunk(b"iTXt", b'XML:com.adobe.xmp\0\0\0\0\0<x tiff:Orientation="6"/>'),
    "the first of two": chunk(b"eXIf", exif(6)) + chunk(b"eXIf", exif(3)),
    "the one with a right checksum": chunk(b"eXIf", exif(3), sound=False) + chunk(b"eXIf", exif(6)),
}


@pytest.mark.parametrize("side", ORIENTATIONS.values(), ids=ORIENTATIONS)
def test_which_way_is_up_is_heeded(tmp_path: Path, pixels: np.ndarray, side: bytes):
    (tmp_path / "photo.png").write_bytes(beside(pixels, side))
    assert np.array_equal(read_picture(tmp_path / "photo.png").pixels, np.rot90(pixels, -1))


def test_a_profile_larger_than_pillow_unpacks_is_applied(tmp_path: Path, pixels: np.ndarray):
    side = chunk(b"iCCP", packed_profile(swapped_profile(padding=2_000_000)))
    (tmp_path / "photo.png").write_bytes(beside(pixels, side))
    found = read_picture(tmp_path / "photo.png").pixels.astype(int)
    assert np.abs(found - pixels[..., [1, 0, 2]]).max() <= 1


def test_a_transparent_colour_beside_damaged_text_is_heeded(tmp_path: Path, pixels: np.ndarray):
    key = struct.pack(">HHH", *map(int, pixels[0, 0]))
    side = IGNORED["text with a wrong checksum"] + chunk(b"tRNS", key) + chunk(b"tRNS", bytes(6))
    (tmp_path / "photo.png").write_bytes(beside(pixels, side))
    alpha = read_picture(tmp_path / "photo.png").alpha
    assert alpha is not None
    assert np.array_equal(alpha == 0, (pixels == pixels[0, 0]).all(axis=-1))


@pytest.mark.parametrize("name", ["IHDR", "IDAT", "PLTE"])
def test_damage_in_the_picture_itself_is_told(tmp_path: Path, name: str):
    data = bytearray(png_of(np.zeros((9, 9), np.uint8)))
    if name == "PLTE":
        buffer = io.BytesIO()
        Image.new("P", (9, 9)).save(buffer, "PNG")
        data = bytearray(buffer.getvalue())
    place = data.index(name.encode()) + 4
    data[place] ^= 0x10
    (tmp_path / "photo.png").write_bytes(data)
    with pytest.raises(PictureError) as caught:
        read_picture(tmp_path / "photo.png")
    assert str(caught.value) == f"{tmp_path / 'photo.png'} is damaged: its {name} chunk has a wrong checksum."
    assert "again" in caught.value.remedy


@pytest.mark.parametrize("kept", [20, 40, 0.5, 0.9])
def test_a_png_that_is_cut_off_is_damaged(tmp_path: Path, pixels: np.ndarray, kept: float):
    data = png_of(pixels)
    (tmp_path / "photo.png").write_bytes(data[: kept if kept > 1 else int(len(data) * kept)])
    with pytest.raises(PictureError, match=r"photo\.png is damaged: "):
        read_picture(tmp_path / "photo.png")


def test_what_follows_the_end_of_a_png_is_not_looked_at(tmp_path: Path, pixels: np.ndarray):
    (tmp_path / "photo.png").write_bytes(png_of(pixels) + b"a video that the phone keeps here" * 9)
    assert np.array_equal(read_picture(tmp_path / "photo.png").pixels, pixels)
