"""Pictures of every kind become uint8 RGB, upright, with their alpha apart."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from nst_client.errors import PictureError
from nst_client.files.pictures import read_picture

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
CORNERS = np.array([[RED, GREEN], [BLUE, WHITE]], np.uint8)

# EXIF 2.3, table of tag 274: which side of the scene the stored first row and first column show.
STORED = {
    1: lambda upright: upright,
    2: lambda upright: upright[:, ::-1],
    3: lambda upright: upright[::-1, ::-1],
    4: lambda upright: upright[::-1],
    5: lambda upright: upright.swapaxes(0, 1),
    6: lambda upright: upright.swapaxes(0, 1)[::-1],
    7: lambda upright: upright.swapaxes(0, 1)[::-1, ::-1],
    8: lambda upright: upright.swapaxes(0, 1)[:, ::-1],
}


@pytest.mark.parametrize("suffix", [".png", ".tif", ".webp", ".jpg"])
@pytest.mark.parametrize("orientation", STORED)
def test_every_exif_orientation_is_turned_upright(tmp_path: Path, orientation: int, suffix: str):
    scene = np.kron(np.array([[10, 60, 110], [160, 210, 250]], np.uint8), np.ones((16, 16), np.uint8))
    upright = np.stack([scene] * 3, axis=-1)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    stored = Image.fromarray(np.ascontiguousarray(STORED[orientation](upright)))
    options = {".jpg": {"quality": 100}, ".webp": {"lossless": True}}.get(suffix, {})
    stored.save(tmp_path / f"photo{suffix}", exif=exif, **options)

    found = read_picture(tmp_path / f"photo{suffix}").pixels

    assert found.shape == upright.shape
    assert np.abs(found.astype(int) - upright).max() <= (3 if suffix == ".jpg" else 0)


def test_exif_data_that_is_not_quite_valid_does_not_keep_a_photo_from_being_read(tmp_path: Path):
    unit_as_text = struct.pack("<HHI4s", 0x128, 2, 4, b"cm\0\0")  # a short by the standard
    entries = struct.pack("<HHIHH", 0x112, 3, 1, 6, 0) + unit_as_text
    exif = b"Exif\0\0II*\0" + struct.pack("<IH", 8, 2) + entries + struct.pack("<I", 0)
    Image.new("RGB", (20, 10)).save(tmp_path / "photo.jpg", exif=exif)
    assert read_picture(tmp_path / "photo.jpg").pixels.shape == (20, 10, 3)


def test_an_orientation_outside_the_standard_is_taken_as_upright(tmp_path: Path):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 9
    Image.fromarray(CORNERS).save(tmp_path / "photo.png", exif=exif)
    assert np.array_equal(read_picture(tmp_path / "photo.png").pixels, CORNERS)


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.bmp", "a.ppm", "a.gif"])
def test_a_lossless_file_gives_its_very_pixels(tmp_path: Path, name: str):
    Image.fromarray(CORNERS).save(tmp_path / name)
    picture = read_picture(tmp_path / name)
    assert np.array_equal(picture.pixels, CORNERS)
    assert picture.pixels.dtype == np.uint8
    assert picture.alpha is None


def test_the_suffix_of_a_file_to_read_does_not_matter(tmp_path: Path):
    Image.fromarray(CORNERS).save(tmp_path / "photo.jpg", "PNG")
    assert np.array_equal(read_picture(tmp_path / "photo.jpg").pixels, CORNERS)


def test_a_grey_picture_has_three_equal_channels(tmp_path: Path):
    Image.fromarray(np.array([[0, 77, 255]], np.uint8)).save(tmp_path / "grey.png")
    assert read_picture(tmp_path / "grey.png").pixels.tolist() == [[[0] * 3, [77] * 3, [255] * 3]]


def test_a_one_bit_picture_is_black_and_white(tmp_path: Path):
    Image.fromarray(np.array([[True, False]])).save(tmp_path / "ink.png")
    assert read_picture(tmp_path / "ink.png").pixels.tolist() == [[[255] * 3, [0] * 3]]


def test_a_palette_picture_has_its_palettes_colours(tmp_path: Path):
    image = Image.frombytes("P", (2, 2), bytes((0, 1, 1, 0)))
    image.putpalette([*RED, *BLUE])
    image.save(tmp_path / "palette.png")
    assert read_picture(tmp_path / "palette.png").pixels.tolist() == [[[*RED], [*BLUE]], [[*BLUE], [*RED]]]


def test_a_cmyk_jpeg_becomes_rgb(tmp_path: Path):
    Image.new("CMYK", (16, 16), (255, 0, 0, 0)).save(tmp_path / "cyan.jpg", quality=100)
    found = read_picture(tmp_path / "cyan.jpg").pixels.astype(int)
    assert np.abs(found - (0, 255, 255)).max() <= 2


def test_the_first_picture_of_several_in_a_file_is_read(tmp_path: Path):
    first, second = Image.new("RGB", (16, 16), RED), Image.new("RGB", (16, 16), BLUE)
    first.save(tmp_path / "phone.jpg", "MPO", save_all=True, append_images=[second])
    first.save(tmp_path / "moving.gif", save_all=True, append_images=[second])
    for name in ("phone.jpg", "moving.gif"):
        assert np.abs(read_picture(tmp_path / name).pixels.astype(int) - RED).max() <= 2


LEVELS_16 = np.array([[0, 128, 129, 257, 32896, 65535]], np.uint16)
LEVELS_8 = [0, 0, 1, 1, 128, 255]  # of 65535, rounded to the nearest of 255


def grey_tiff(order: str) -> bytes:
    head = {"<": b"II*\0", ">": b"MM\0*"}[order]
    data = LEVELS_16.astype(f"{order}u2").tobytes()
    values = {256: LEVELS_16.size, 257: 1, 258: 16, 259: 1, 262: 1, 273: 8, 277: 1, 278: 1, 279: len(data)}
    entries = b"".join(struct.pack(f"{order}HHII", tag, 4, 1, value) for tag, value in values.items())
    directory = struct.pack(f"{order}H", len(values)) + entries + struct.pack(f"{order}I", 0)
    return head + struct.pack(f"{order}I", 8 + len(data)) + data + directory


def test_sixteen_bits_of_grey_are_scaled_and_not_clipped(tmp_path: Path, png_bytes):
    big_endian = LEVELS_16.astype(">u2").tobytes()
    files = {
        "png": png_bytes(LEVELS_16.size, 1, 16, 0, [big_endian]),
        "little-endian tiff": grey_tiff("<"),
        "big-endian tiff": grey_tiff(">"),
        "pgm": b"P5 %d 1 65535\n" % LEVELS_16.size + big_endian,
    }
    found = {}
    for kind, data in files.items():
        (tmp_path / kind).write_bytes(data)
        found[kind] = read_picture(tmp_path / kind).pixels[0, :, 0].tolist()
    assert found == dict.fromkeys(files, LEVELS_8)


def test_sixteen_bits_of_colour_keep_their_range(tmp_path: Path, png_bytes):
    row = np.array([0, 32896, 65535], ">u2").tobytes()
    (tmp_path / "deep.png").write_bytes(png_bytes(1, 1, 16, 2, [row]))
    assert read_picture(tmp_path / "deep.png").pixels.tolist() == [[[0, 128, 255]]]


@pytest.mark.parametrize(
    ("levels", "words"),
    [
        (np.array([[70000]], np.int32), "32-bit pixels"),
        (np.array([[-1]], np.int32), "32-bit pixels"),
        (np.array([[0.5]], np.float32), "floating-point pixels"),
    ],
)
def test_pixels_without_a_known_white_are_refused(tmp_path: Path, levels: np.ndarray, words: str):
    Image.fromarray(levels).save(tmp_path / "science.tif")
    with pytest.raises(PictureError, match=words):
        read_picture(tmp_path / "science.tif")


HALF_CLEAR = np.array([[0, 255], [255, 0]], np.uint8)
KEY = 40000  # a 16-bit grey level that stands for transparent


def save_rgba(file: Path):
    Image.fromarray(np.dstack([CORNERS, HALF_CLEAR])).save(
        file, **({"lossless": True} if file.suffix == ".webp" else {})
    )


def save_grey_alpha(file: Path):
    Image.merge("LA", [Image.new("L", (2, 2), 80), Image.fromarray(HALF_CLEAR)]).save(file)


def save_palette(file: Path):
    image = Image.frombytes("P", (2, 2), (HALF_CLEAR // 255).tobytes())
    image.putpalette([*RED, *BLUE])
    image.save(file, transparency=0 if file.suffix == ".gif" else b"\0\xff")


def save_colour_key(file: Path):
    Image.fromarray(np.where(HALF_CLEAR[..., None], BLUE, RED).astype(np.uint8)).save(file, transparency=RED)


def save_grey_key(file: Path):
    Image.fromarray(np.where(HALF_CLEAR, 9, 8).astype(np.uint8)).save(file, transparency=8)


def save_deep_grey_key(file: Path):
    Image.fromarray(np.where(HALF_CLEAR, KEY + 1, KEY).astype(np.uint16)).save(file, transparency=KEY)


@pytest.mark.parametrize(
    ("save", "name"),
    [
        (save_rgba, "rgba.png"),
        (save_rgba, "rgba.tif"),
        (save_rgba, "rgba.webp"),
        (save_grey_alpha, "grey.png"),
        (save_palette, "palette.png"),
        (save_palette, "palette.gif"),
        (save_colour_key, "key.png"),
        (save_grey_key, "greykey.png"),
        (save_deep_grey_key, "deepkey.png"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_form_of_transparency_becomes_alpha(tmp_path: Path, save, name: str):
    save(tmp_path / name)
    alpha = read_picture(tmp_path / name).alpha
    assert alpha is not None
    assert alpha.dtype == np.uint8
    assert np.array_equal(alpha, HALF_CLEAR)
    enlarged = read_picture(tmp_path / name, 20).alpha
    assert enlarged is not None
    assert np.abs(enlarged[[3, 3, 16, 16], [3, 16, 3, 16]].astype(int) - HALF_CLEAR.ravel()).max() <= 20


def test_colours_survive_beside_alpha(tmp_path: Path):
    save_rgba(tmp_path / "a.png")
    opaque = HALF_CLEAR == 255
    assert np.array_equal(read_picture(tmp_path / "a.png").pixels[opaque], CORNERS[opaque])


def test_alpha_that_is_opaque_everywhere_is_none(tmp_path: Path):
    Image.new("RGBA", (3, 2), (*RED, 255)).save(tmp_path / "a.png")
    assert read_picture(tmp_path / "a.png").alpha is None


@pytest.mark.parametrize(
    ("stored", "size", "expected"),
    [
        ((60, 40), 0, (60, 40)),
        ((60, 40), 60, (60, 40)),
        ((60, 40), 30, (30, 20)),
        ((40, 60), 30, (20, 30)),
        ((60, 40), 90, (90, 60)),
        ((200, 3), 20, (20, 1)),
        ((1, 1), 7, (7, 7)),
    ],
)
def test_size_is_the_longest_side_and_the_aspect_stays(tmp_path: Path, stored, size: int, expected):
    Image.new("RGBA", stored, (*RED, 128)).save(tmp_path / "a.png")
    picture = read_picture(tmp_path / "a.png", size)
    assert picture.pixels.shape == (*expected[::-1], 3)
    assert picture.alpha is not None
    assert picture.alpha.shape == expected[::-1]


def test_the_colour_of_transparent_pixels_does_not_bleed_when_scaled(tmp_path: Path):
    pixels = np.zeros((40, 40, 4), np.uint8)
    pixels[:, :20], pixels[:, 20:] = (*RED, 255), (*GREEN, 0)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    picture = read_picture(tmp_path / "a.png", 15)
    assert picture.alpha is not None
    assert picture.pixels[picture.alpha > 0][:, 1].max() == 0


def test_a_negative_size_is_refused(tmp_path: Path):
    Image.fromarray(CORNERS).save(tmp_path / "a.png")
    with pytest.raises(PictureError, match="size: must be 0 or more, got -5"):
        read_picture(tmp_path / "a.png", -5)


def test_a_size_that_would_fill_the_memory_is_refused(tmp_path: Path):
    Image.fromarray(CORNERS).save(tmp_path / "a.png")
    with pytest.raises(PictureError, match="size: 14000 would make 14000 x 14000 pixels"):
        read_picture(tmp_path / "a.png", 14_000)
