"""TIFF files as Photoshop, scanners and cameras write them: their very pixels, or a sentence that names the mode."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import numpy as np
import pytest

from nst_client.errors import PictureError
from nst_client.files.pictures import read_picture
from tests.client.files.tiffs import tiff

WAYS = [
    {"order": order, "by_channel": by_channel, "deflated": deflated, "differences": differences}
    for order, by_channel, deflated, differences in itertools.product("<>", *[(False, True)] * 3)
    if deflated or not differences
]


def levels_of(channels: int, bits: int, *, opaque: bool = False) -> np.ndarray:
    """Random levels: uint8 or uint16[6, 5, channels]."""
    levels = np.random.default_rng(7).integers(0, 2**bits, (6, 5, channels), f"uint{bits}")
    if opaque:
        levels[..., -1] = 2**bits - 1
    return levels


def read(file: Path, data: bytes) -> np.ndarray:
    file.write_bytes(data)
    return read_picture(file).pixels.astype(float)


def read_or_refused(file: Path, data: bytes) -> np.ndarray | None:
    """The pixels; None where its mode is named and not read."""
    try:
        return read(file, data)
    except PictureError as error:
        if re.search(r"is a TIFF picture whose pixels are .* of \d+ bits.*, which are not read: save it", str(error)):
            return None
        raise


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(str(value) for value in way.values()))
def test_every_layout_gives_the_levels_or_names_its_mode(tmp_path: Path, way: dict, bits: int):
    kinds = [(1, 1, None), (1, 0, None), (2, 1, 2), (2, 1, 0), (2, 1, 1), (2, 0, 2), (3, 2, None)]
    kinds += [(4, 2, extra) for extra in (None, 0, 1, 2)] + [(5, 2, None), (5, 5, 2)]
    for channels, photometric, extra in kinds:
        levels = levels_of(channels, bits, opaque=channels in (2, 4))
        expected = levels[..., : 3 if photometric == 2 else 1] / (257 if bits == 16 else 1)
        found = read_or_refused(tmp_path / "scan.tif", tiff(levels, photometric, extra=extra, **way))
        if found is None:
            plain_planes = way["by_channel"] and not way["deflated"] and channels > 1
            assert plain_planes or channels == 5 or (channels, bits) == (2, 16), (channels, photometric, extra)
        else:
            difference = found - (255 - expected if photometric == 0 else expected)
            assert np.abs(difference).max() <= 1, (channels, photometric, extra)


@pytest.mark.parametrize(
    ("photometric", "channels", "extra", "bits", "by_channel", "words"),
    [
        (1, 2, 2, 16, False, "grey and alpha of 16 bits each,"),
        (1, 2, 0, 16, False, "grey and 1 more channel of 16 bits each,"),
        (8, 3, None, 16, False, "Lab of 16 bits each,"),
        (2, 5, None, 8, False, "RGB and 2 more channels of 8 bits each,"),
        (2, 3, None, 16, True, "RGB of 16 bits each, channel by channel,"),
        (5, 5, 2, 8, False, "CMYK and alpha of 8 bits each,"),
        (77, 1, None, 8, False, "unknown colours (77) of 8 bits,"),
    ],
)
def test_a_mode_that_is_not_read_is_named(tmp_path: Path, photometric, channels, extra, bits, by_channel, words):
    data = tiff(levels_of(channels, bits), photometric, extra=extra, by_channel=by_channel)
    with pytest.raises(PictureError) as caught:
        read(tmp_path / "scan.tif", data)
    expected = f"scan.tif is a TIFF picture whose pixels are {words} which are not read: save it as RGB of 8 bits"
    assert expected in str(caught.value)


def test_a_compression_that_is_not_read_is_named(tmp_path: Path):
    with pytest.raises(PictureError, match="grey of 8 bits, compression 50013, which are not read"):
        read(tmp_path / "scan.tif", tiff(levels_of(1, 8), 1, compression=50013))


@pytest.mark.parametrize("photometric", [0, 1])
def test_twelve_bits_of_grey_fill_the_range(tmp_path: Path, photometric: int):
    levels = np.array([0, 1365, 2730, 4095])
    packed = int("".join(f"{level:03x}" for level in levels), 16).to_bytes(6, "big")
    data = tiff(np.zeros((1, 4, 1), np.uint8), photometric, bits=12, rows=packed)
    found = read(tmp_path / "scan.tif", data)[0, :, 0].tolist()
    assert found == ([0, 85, 170, 255] if photometric else [255, 170, 85, 0])


@pytest.mark.parametrize("order", "<>")
def test_white_that_is_zero_in_sixteen_bits_is_white(tmp_path: Path, order: str):
    levels = np.array([0, 257, 32896, 65535], np.uint16).reshape(1, 4, 1)
    assert read(tmp_path / "scan.tif", tiff(levels, 0, order=order))[0, :, 0].tolist() == [255, 254, 127, 0]


def test_white_that_is_zero_beside_alpha_is_white_and_alpha_stays(tmp_path: Path):
    (tmp_path / "scan.tif").write_bytes(tiff(np.array([[[0, 9], [200, 255]]], np.uint8), 0, extra=2))
    picture = read_picture(tmp_path / "scan.tif")
    assert picture.alpha is not None
    assert (picture.pixels[0, :, 0].tolist(), picture.alpha.tolist()) == ([255, 55], [[9, 255]])


def test_grey_that_is_multiplied_by_its_alpha_is_divided_again(tmp_path: Path):
    (tmp_path / "scan.tif").write_bytes(tiff(np.array([[[50, 100], [7, 255]]], np.uint8), 1, extra=1))
    picture = read_picture(tmp_path / "scan.tif")
    assert picture.alpha is not None
    assert np.abs(picture.pixels[0, :, 0].astype(int) - (50 * 255 // 100, 7)).max() <= 1
    assert picture.alpha.tolist() == [[100, 255]]


@pytest.mark.parametrize("place", [0, 4, 9])
def test_a_tiff_whose_tags_cannot_be_found_is_damaged(tmp_path: Path, place: int):
    data = tiff(levels_of(1, 8), 1)
    with pytest.raises(PictureError, match=r"scan\.tif is damaged: "):
        read(tmp_path / "scan.tif", data[: 8 + place])
