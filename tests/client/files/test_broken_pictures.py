"""Whatever is wrong with a file, a PictureError says so in one sentence."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from nst_client.errors import PictureError
from nst_client.files.pictures import read_picture
from tests.client.files.tiffs import tiff


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(PictureError) as caught:
        read_picture(tmp_path / "nowhere.png")
    assert str(caught.value) == f"There is no file {tmp_path / 'nowhere.png'}."
    assert caught.value.remedy == "Check the path."


def test_a_folder_is_not_a_picture(tmp_path: Path):
    with pytest.raises(PictureError) as caught:
        read_picture(tmp_path)
    assert str(caught.value) == f"{tmp_path} cannot be read: Is a directory."


def test_a_truncated_jpeg_is_refused(tmp_path: Path, pixels: np.ndarray):
    whole = io.BytesIO()
    Image.fromarray(pixels).save(whole, "JPEG")
    (tmp_path / "half.jpg").write_bytes(whole.getvalue()[: len(whole.getvalue()) * 3 // 4])
    with pytest.raises(PictureError, match=r"half\.jpg is damaged: .*truncated"):
        read_picture(tmp_path / "half.jpg")


def test_a_decompression_bomb_is_refused_unopened(tmp_path: Path, png_bytes):
    (tmp_path / "bomb.png").write_bytes(png_bytes(60_000, 60_000, 8, 2, [b""]))
    with pytest.raises(PictureError, match=r"bomb\.png is too large: .*3600000000 pixels.*[^.]\.$"):
        read_picture(tmp_path / "bomb.png")


def test_a_picture_of_one_pixel_can_be_read(tmp_path: Path):
    Image.new("RGB", (1, 1), (1, 2, 3)).save(tmp_path / "dot.png")
    assert read_picture(tmp_path / "dot.png").pixels.tolist() == [[[1, 2, 3]]]


def whole_files() -> dict[str, bytes]:
    colours = np.random.default_rng(0).integers(0, 256, (24, 20, 3), np.uint8)
    rgb = Image.fromarray(colours)
    exif = Image.Exif()
    exif[274], exif[270] = 6, "a photo"
    extras = {"exif": exif, "icc_profile": ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()}
    variants = {
        "jpeg": (rgb, "JPEG", extras),
        "cmyk jpeg": (rgb.convert("CMYK"), "JPEG", {}),
        "progressive jpeg": (rgb, "JPEG", {"progressive": True}),
        "png": (rgb, "PNG", extras),
        "palette png": (rgb.quantize(16), "PNG", {"transparency": 0}),
        "16-bit png": (Image.fromarray(colours[..., 0].astype(np.uint16) * 250), "PNG", {}),
        "webp": (rgb, "WEBP", extras),
        "lossless webp": (rgb, "WEBP", {"lossless": True}),
        "avif": (rgb, "AVIF", {"exif": exif}),
        "tiff": (rgb, "TIFF", {"exif": exif}),
        "deflated tiff": (rgb, "TIFF", {"compression": "tiff_adobe_deflate"}),
        "tga": (rgb, "TGA", {}),
        "bmp": (rgb, "BMP", {}),
        "palette bmp": (rgb.quantize(16), "BMP", {}),
        "gif": (rgb, "GIF", {"save_all": True, "append_images": [rgb.rotate(90)]}),
        "ppm": (rgb, "PPM", {}),
    }
    files = {
        "plain ppm": b"P3 2 2 255 " + b" ".join(b"%d" % number for number in range(12)),
        "white is zero tiff": tiff(colours[..., :1].astype(np.uint16) * 250, 0, order=">"),
    }
    for name, (image, kind, options) in variants.items():
        buffer = io.BytesIO()
        image.save(buffer, kind, **options)
        files[name] = buffer.getvalue()
    return files


def damaged(data: bytes, seed: int) -> list[bytes]:
    """The file cut off at 25 places, and with one to ten bytes replaced, mostly in its head, 50 times."""
    generator = np.random.default_rng(seed)
    versions = [data[:length] for length in range(0, len(data), len(data) // 25 + 1)]
    for _ in range(50):
        broken = np.frombuffer(data, np.uint8).copy()
        reach = min(len(data), 200) if generator.random() < 0.7 else len(data)
        places = generator.integers(0, reach, generator.choice((1, 2, 4, 10)))
        broken[places] = generator.choice((0, 1, 127, 128, 255, int(generator.integers(256))), places.size)
        versions.append(broken.tobytes())
    return versions


@pytest.mark.parametrize(("name", "data"), whole_files().items(), ids=whole_files())
def test_a_damaged_file_gives_a_picture_or_a_picture_error(tmp_path: Path, name: str, data: bytes):
    refused = []
    file = tmp_path / "damaged"
    file.write_bytes(data)
    assert read_picture(file).pixels.shape[2] == 3
    for seed, broken in enumerate(damaged(data, len(data))):
        file.write_bytes(broken)
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", ".*ignored its ICC profile")
                picture = read_picture(file)
        except PictureError as error:
            refused.append(str(error))
        else:
            assert picture.pixels.dtype == np.uint8, seed
    assert len(refused) >= 10
    assert all(message.startswith(str(file)) for message in refused)
