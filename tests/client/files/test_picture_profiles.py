"""Colours are converted from a picture's own ICC profile. The profiles here are made so that the answer is known."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from nst_client.files.pictures import read_picture

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
D50 = (0.9642, 1.0, 0.8249)


def fixed(*values: float) -> bytes:
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def profile(kind: bytes, space: bytes, connection: bytes, tag: bytes, data: bytes) -> bytes:
    """An ICC profile, version 2, of one tag beside the white point (ICC.1:2001-04, 6.1)."""
    white = b"XYZ \0\0\0\0" + fixed(*D50)
    start = 128 + 4 + 2 * 12
    tags = struct.pack(">I4sII4sII", 2, b"wtpt", start, len(white), tag, start + len(white), len(data))
    size = start + len(white) + len(data)
    head = struct.pack(">I4sI4s4s4s12s4s28s", size, b"", 0x02100000, kind, space, connection, b"", b"acsp", b"")
    return (head + fixed(*D50)).ljust(128, b"\0") + tags + white + data


def linear_grey() -> bytes:
    return profile(b"mntr", b"GRAY", b"XYZ ", b"kTRC", b"curv\0\0\0\0" + struct.pack(">I", 0))


def black_ink_only() -> bytes:
    """A printer on which cyan, magenta and yellow leave no trace."""
    ramp = bytes(range(256))
    lab = b"".join(bytes((0 if node & 1 else 255, 128, 128)) for node in range(16))  # black varies fastest
    identity = fixed(1, 0, 0, 0, 1, 0, 0, 0, 1)
    table = b"mft1\0\0\0\0" + bytes((4, 3, 2, 0)) + identity + ramp * 4 + lab + ramp * 3
    return profile(b"prtr", b"CMYK", b"Lab ", b"A2B0", table)


def red_and_green_swapped() -> bytes:
    """SRGB with the names of its primaries exchanged: what it calls red is sRGB's green."""
    return SRGB.replace(b"rXYZ", b"....").replace(b"gXYZ", b"rXYZ").replace(b"....", b"gXYZ")


def test_colours_are_converted_from_the_pictures_profile(tmp_path: Path, pixels: np.ndarray):
    Image.fromarray(pixels).save(tmp_path / "swapped.png", icc_profile=red_and_green_swapped())
    found = read_picture(tmp_path / "swapped.png").pixels.astype(int)
    assert np.abs(found - pixels[..., [1, 0, 2]]).max() <= 1


def test_an_srgb_profile_changes_nothing(tmp_path: Path, pixels: np.ndarray):
    Image.fromarray(pixels).save(tmp_path / "srgb.png", icc_profile=SRGB)
    assert np.array_equal(read_picture(tmp_path / "srgb.png").pixels, pixels)


def test_a_palette_is_converted_by_the_profile_too(tmp_path: Path):
    image = Image.new("P", (2, 2), 0)
    image.putpalette([255, 0, 0])
    image.save(tmp_path / "palette.png", icc_profile=red_and_green_swapped())
    assert np.abs(read_picture(tmp_path / "palette.png").pixels.astype(int) - (0, 255, 0)).max() <= 1


def test_alpha_survives_the_conversion(tmp_path: Path):
    Image.new("RGBA", (2, 2), (255, 0, 0, 100)).save(tmp_path / "a.png", icc_profile=red_and_green_swapped())
    picture = read_picture(tmp_path / "a.png")
    assert np.abs(picture.pixels.astype(int) - (0, 255, 0)).max() <= 1
    assert picture.alpha is not None
    assert (picture.alpha == 100).all()


@pytest.mark.parametrize("mode", ["L", "LA", "I;16"])
def test_grey_is_converted_by_a_grey_profile(tmp_path: Path, mode: str):
    level = 55
    grey = {"L": level, "LA": (level, 99), "I;16": level * 257}[mode]
    Image.new(mode, (2, 2), grey).save(tmp_path / "grey.png", icc_profile=linear_grey())
    expected = 255 * (1.055 * (level / 255) ** (1 / 2.4) - 0.055)  # IEC 61966-2-1
    assert np.abs(read_picture(tmp_path / "grey.png").pixels - expected).max() <= 1.5


def test_grey_with_an_rgb_profile_stays_grey(tmp_path: Path):
    Image.new("L", (2, 2), 100).save(tmp_path / "grey.png", icc_profile=SRGB)
    assert (read_picture(tmp_path / "grey.png").pixels == 100).all()


def test_cmyk_is_converted_by_a_cmyk_profile(tmp_path: Path):
    Image.new("CMYK", (16, 16), (255, 0, 0, 0)).save(tmp_path / "cyan.jpg", icc_profile=black_ink_only())
    assert read_picture(tmp_path / "cyan.jpg").pixels.min() >= 253


@pytest.mark.parametrize(
    "unfit",
    [b"this is no profile", SRGB[:200], linear_grey(), black_ink_only()],
    ids=["text", "truncated", "for grey", "for CMYK"],
)
def test_a_profile_that_does_not_fit_warns_and_leaves_the_colours(tmp_path: Path, pixels: np.ndarray, unfit: bytes):
    Image.fromarray(pixels).save(tmp_path / "photo.png", icc_profile=unfit)
    with pytest.warns(UserWarning, match=r"photo\.png: ignored its ICC profile") as warned:
        found = read_picture(tmp_path / "photo.png").pixels
    assert np.array_equal(found, pixels)
    assert warned[0].filename == __file__


def test_an_rgb_profile_does_not_fit_cmyk(tmp_path: Path):
    Image.new("CMYK", (16, 16), (255, 0, 0, 0)).save(tmp_path / "cyan.jpg", icc_profile=red_and_green_swapped())
    with pytest.warns(UserWarning, match="it is for RGB, the picture is CMYK"):
        found = read_picture(tmp_path / "cyan.jpg").pixels.astype(int)
    assert np.abs(found - (0, 255, 255)).max() <= 3
