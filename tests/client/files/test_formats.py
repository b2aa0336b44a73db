"""Which formats are read, by what is in a file and not by its name, and what is said of all others."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nst_client.errors import PictureError
from nst_client.files.formats import FORMATS, READABLE, SUFFIXES
from nst_client.files.pictures import read_picture

LOSSLESS = {
    "AVIF": {"quality": 100, "subsampling": "4:4:4"},
    "WEBP": {"lossless": True},
    "JPEG": {"quality": 100, "subsampling": "4:4:4"},
}


def encoded(pixels: np.ndarray, plugin: str) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, plugin, **LOSSLESS.get(plugin, {}))
    return buffer.getvalue()


def smooth() -> np.ndarray:
    """A picture of 192 colours that every format keeps nearly as it is: uint8[24, 32, 3]."""
    down, across = np.mgrid[0:24, 0:32] // 2 * 2
    return np.stack([across * 8, down * 10, 255 - across * 4], axis=-1).astype(np.uint8)


@pytest.mark.parametrize("plugin", [known.plugin for known in FORMATS])
@pytest.mark.parametrize("suffix", ["its own", ".jpg", ".png", ".xyz", ""])
def test_every_format_is_read_whatever_its_suffix_says(tmp_path: Path, plugin: str, suffix: str):
    (known,) = (known for known in FORMATS if known.plugin == plugin)
    for end in known.suffixes if suffix == "its own" else [suffix]:
        (tmp_path / f"photo{end}").write_bytes(encoded(smooth(), plugin))
        found = read_picture(tmp_path / f"photo{end}").pixels.astype(int)
        assert np.abs(found - smooth()).max() <= 6


def test_a_tga_of_the_first_version_has_nothing_but_its_suffix_to_go_by(tmp_path: Path):
    data = encoded(smooth(), "TGA")
    data = data[: -len(b"\0" * 8 + b"TRUEVISION-XFILE.\0")]
    (tmp_path / "photo.TGA").write_bytes(data)
    assert np.array_equal(read_picture(tmp_path / "photo.TGA").pixels, smooth())
    (tmp_path / "photo.bin").write_bytes(data)
    with pytest.raises(PictureError, match="of no known picture format"):
        read_picture(tmp_path / "photo.bin")


def test_an_avif_is_turned_upright(tmp_path: Path):
    exif = Image.Exif()
    exif[0x112] = 6
    Image.fromarray(smooth()).save(tmp_path / "photo.avif", exif=exif, **LOSSLESS["AVIF"])
    found = read_picture(tmp_path / "photo.avif").pixels.astype(int)
    assert found.shape == (32, 24, 3)
    assert np.abs(found - np.rot90(smooth(), -1)).max() <= 6


def test_the_suffixes_of_phones_browsers_and_old_programs_are_known():
    assert {".jfif", ".jpe", ".jpg_large", ".apng", ".avif", ".dib", ".tga", ".webp", ".pnm"} <= SUFFIXES
    assert len(SUFFIXES) == sum(len(known.suffixes) for known in FORMATS)
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in SUFFIXES)


def brands(*names: bytes) -> bytes:
    return struct.pack(">I", 16 + 4 * len(names[1:])) + b"ftyp" + names[0] + bytes(4) + b"".join(names[1:]) + bytes(99)


HEIC = "a HEIC picture, which is not read: export it as JPEG"
RAW = "a camera's raw file, which is not read: develop it, and export it as JPEG"

OTHERS = {
    "empty": (b"", "empty"),
    "letter": (b"I am a letter, not a photo.\n", "text, not a picture"),
    "letter in UTF-8": ("Grüße aus Tübingen".encode(), "text, not a picture"),
    "letter in UTF-16": ("Grüße".encode("utf-16"), "text, not a picture"),
    "an answer": (b'{"error": "not found"}', "text, not a picture"),
    "long letter cut in a character": (b"a" * 4095 + "é".encode() * 9, "text, not a picture"),
    "page": (b"<!DOCTYPE html>\n<html><body>404", "a web page (HTML), not a picture"),
    "page of old": (b"\n <HTML><HEAD>", "a web page (HTML), not a picture"),
    "page with a comment": (b"<!-- cached --><html>", "a web page (HTML), not a picture"),
    "page of XHTML": (b'<?xml version="1.0"?><html xmlns="x">', "a web page (HTML), not a picture"),
    "drawing": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG drawing, which has no pixels: export it as PNG"),
    "drawing as XML": (
        b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- by hand -->\n<!DOCTYPE svg PUBLIC "-">\n<svg\nwidth="9">',
        "an SVG drawing, which has no pixels: export it as PNG",
    ),
    "PDF": (b"%PDF-1.7\n%\xe2\xe3", "a PDF document, which is not read: export the page as PNG"),
    # Pillow would hand it to Ghostscript.
    "EPS": (b"%!PS-Adobe-3.0 EPSF-3.0\n", "a PostScript (EPS) document, which is not read: export it as PNG"),
    "EPS with a preview": (b"\xc5\xd0\xd3\xc6", "a PostScript (EPS) document, which is not read: export it as PNG"),
    "HEIC": (brands(b"heic", b"mif1", b"heic"), HEIC),
    "HEIC of ten bits": (brands(b"heix", b"mif1"), HEIC),
    "HEIC by another name": (brands(b"mif1", b"mif1", b"heic"), HEIC),
    "film": (brands(b"isom", b"mp41"), "a video: save one of its frames as PNG"),
    "WebM": (b"\x1aE\xdf\xa3\x01", "a video: save one of its frames as PNG"),
    "JPEG XL": (b"\xff\x0a\xfa", "a JPEG XL picture, which is not read: export it as JPEG or PNG"),
    "JPEG 2000": (b"\xff\x4f\xff\x51\0", "a JPEG 2000 picture, which is not read: export it as JPEG or PNG"),
    "Photoshop": (b"8BPS\0\1", "a Photoshop document, which is not read: export it as PNG"),
    "GIMP": (b"gimp xcf v011", "a GIMP document, which is not read: export it as PNG"),
    "Canon": (b"II*\0\x10\0\0\0CR\2\0", RAW),
    "Fuji": (b"FUJIFILMCCD-RAW 0201", RAW),
    "Olympus": (b"IIRO\x08\0", RAW),
    "icon": (b"\0\0\1\0\1\0", "an icon, which is not read: export it as PNG"),
    "archive": (b"PK\x03\x04\x14", "an archive, not a picture: unpack it"),
    "noise": (b"\x07\x81\x00\xfe" * 9, "of no known picture format"),
}


@pytest.mark.parametrize(("data", "words"), OTHERS.values(), ids=OTHERS)
def test_a_file_that_is_not_read_is_told_for_what_it_is(tmp_path: Path, data: bytes, words: str):
    (tmp_path / "photo.jpg").write_bytes(data)
    with pytest.raises(PictureError) as caught:
        read_picture(tmp_path / "photo.jpg")
    assert str(caught.value) == f"{tmp_path / 'photo.jpg'} is {words}."
    assert caught.value.remedy == "These are read: JPEG, PNG, WebP, AVIF, TIFF, GIF, BMP, PPM, TGA."
    assert READABLE in caught.value.remedy


@pytest.mark.parametrize("suffix", [".NEF", ".dng", ".arw"])
def test_a_raw_file_that_looks_like_tiff_does_not_give_its_thumbnail(tmp_path: Path, suffix: str):
    (tmp_path / f"photo{suffix}").write_bytes(encoded(smooth(), "TIFF"))
    with pytest.raises(PictureError, match="is a camera's raw file, which is not read: develop it"):
        read_picture(tmp_path / f"photo{suffix}")


@pytest.mark.parametrize("plugin", [known.plugin for known in FORMATS if known.start is not None])
def test_a_file_that_only_begins_like_a_picture_is_damaged(tmp_path: Path, plugin: str):
    (tmp_path / "photo").write_bytes(encoded(smooth(), plugin)[:20] + b"and then something else")
    with pytest.raises(PictureError, match=r"photo is damaged: .*[^.]\.$") as caught:
        read_picture(tmp_path / "photo")
    assert caught.value.remedy == "Copy or download it again, or save it anew with another program."


JUNK = [
    b"",
    b"nonsense",
    b"Exif\0\0",
    b"Exif\0\0II*\0\xff\xff\xff\xff",
    b"Exif\0\0MM\0*\0\0\0\x08\xff\xff",
    b"MPF\0" + b"\xff" * 9,
]


@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize("marker", [0xE0, 0xE1, 0xE2, 0xED, 0xEE])
def test_what_stands_beside_a_jpeg_does_not_keep_it_from_being_read(tmp_path: Path, marker: int, junk: bytes):
    data = encoded(smooth(), "JPEG")
    side = b"\xff" + bytes([marker]) + struct.pack(">H", len(junk) + 2) + junk
    (tmp_path / "photo.jpg").write_bytes(data[:2] + side + data[2:])
    assert np.abs(read_picture(tmp_path / "photo.jpg").pixels.astype(int) - smooth()).max() <= 6


@pytest.mark.parametrize("junk", [junk for junk in JUNK if junk])
@pytest.mark.parametrize("plugin", ["PNG", "WEBP", "JPEG"])
def test_exif_data_that_is_none_leaves_a_picture_as_it_is(tmp_path: Path, plugin: str, junk: bytes):
    Image.fromarray(smooth()).save(tmp_path / "photo", plugin, exif=junk, **LOSSLESS.get(plugin, {}))
    assert np.abs(read_picture(tmp_path / "photo").pixels.astype(int) - smooth()).max() <= 6
