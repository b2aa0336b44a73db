"""Pictures are written whole or not at all, with the parameters that made them."""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from nst_client.errors import DiskFull, FileError, PictureError
from nst_client.files.pictures import Picture, check_writable, read_picture, write_picture
from nst_client.files.written import replacing

FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP", ".tif": "TIFF", ".tiff": "TIFF"}
PARAMETERS = {"iterations": 7, "content": "Müller's dog.jpg", "style_weight": 0.5, "size": [32, 24]}


@pytest.mark.parametrize("suffix", [*FORMATS, ".PNG", ".Jpg"])
def test_the_suffix_chooses_the_format(tmp_path: Path, pixels: np.ndarray, suffix: str):
    write_picture(tmp_path / f"out{suffix}", Picture(pixels))
    with Image.open(tmp_path / f"out{suffix}") as image:
        assert image.format == FORMATS[suffix.lower()]
        assert image.size == (32, 24)


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_tells_how_its_picture_was_made(tmp_path: Path, pixels: np.ndarray, suffix: str):
    write_picture(tmp_path / f"out{suffix}", Picture(pixels), PARAMETERS)
    with Image.open(tmp_path / f"out{suffix}") as image:
        exif = image.getexif()
        assert json.loads(exif[ExifTags.Base.ImageDescription]) == PARAMETERS
        assert exif[ExifTags.Base.Software] == "nst-serving"


def test_a_png_tells_it_as_text_too(tmp_path: Path, pixels: np.ndarray):
    write_picture(tmp_path / "out.png", Picture(pixels), PARAMETERS)
    with Image.open(tmp_path / "out.png") as image:
        assert json.loads(image.text["nst"]) == PARAMETERS


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_png_and_tiff_keep_every_pixel(tmp_path: Path, pixels: np.ndarray, suffix: str):
    write_picture(tmp_path / f"out{suffix}", Picture(pixels))
    assert np.array_equal(read_picture(tmp_path / f"out{suffix}").pixels, pixels)


@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
def test_jpeg_and_webp_stay_near_a_smooth_picture(tmp_path: Path, suffix: str):
    ramp = np.linspace(0, 255, 64)
    smooth = np.stack(np.broadcast_arrays(ramp, ramp[:, None], 128), axis=-1).astype(np.uint8)
    write_picture(tmp_path / f"out{suffix}", Picture(smooth))
    difference = read_picture(tmp_path / f"out{suffix}").pixels.astype(int) - smooth
    assert np.abs(difference).mean() < 3


def test_jpeg_is_written_at_quality_95_with_all_its_colour(tmp_path: Path, pixels: np.ndarray):
    write_picture(tmp_path / "out.jpg", Picture(pixels))
    standard = np.array([16, 11, 10, 16, 24, 40, 51, 61])  # ITU-T T.81, table K.1, first row
    with Image.open(tmp_path / "out.jpg") as image:
        assert [(across, down) for _, across, down, _ in image.layer] == [(1, 1)] * 3
        assert image.quantization[0][:8] == ((standard * (200 - 2 * 95) + 50) // 100).tolist()


@pytest.mark.parametrize("suffix", [".png", ".webp", ".tif"])
def test_alpha_is_put_back(tmp_path: Path, pixels: np.ndarray, suffix: str):
    alpha = np.random.default_rng(4).integers(0, 255, pixels.shape[:2], np.uint8)
    write_picture(tmp_path / f"out{suffix}", Picture(pixels, alpha))
    found = read_picture(tmp_path / f"out{suffix}").alpha
    assert found is not None
    assert np.array_equal(found, alpha)


def test_jpeg_leaves_alpha_out(tmp_path: Path, pixels: np.ndarray):
    write_picture(tmp_path / "out.jpg", Picture(pixels, np.zeros(pixels.shape[:2], np.uint8)))
    assert read_picture(tmp_path / "out.jpg").alpha is None


def test_an_existing_file_is_replaced(tmp_path: Path, pixels: np.ndarray):
    (tmp_path / "out.png").write_text("an older picture")
    write_picture(tmp_path / "out.png", Picture(pixels))
    assert np.array_equal(read_picture(tmp_path / "out.png").pixels, pixels)
    assert list(tmp_path.iterdir()) == [tmp_path / "out.png"]


def test_whoever_reads_the_older_file_meanwhile_keeps_it_whole(tmp_path: Path, pixels: np.ndarray):
    (tmp_path / "out.png").write_text("an older picture")
    with (tmp_path / "out.png").open() as reader:
        write_picture(tmp_path / "out.png", Picture(pixels))
        assert reader.read() == "an older picture"


@pytest.mark.parametrize(("mask", "expected"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_the_files_permissions_follow_the_umask(tmp_path: Path, pixels: np.ndarray, mask: int, expected: int):
    before = os.umask(mask)
    try:
        write_picture(tmp_path / "out.png", Picture(pixels))
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "out.png").stat().st_mode) == expected


@pytest.mark.parametrize("older", [True, False])
def test_a_full_disk_leaves_everything_as_it_was(tmp_path: Path, python, older: bool):
    if older:
        (tmp_path / "out.png").write_text("an older picture")
    done = python(
        "import resource, signal, sys, numpy\n"
        "from pathlib import Path\n"
        "from nst_client.errors import DiskFull, FileError\n"
        "from nst_client.files.pictures import Picture, write_picture\n"
        "noise = numpy.random.default_rng(0).integers(0, 256, (100, 100, 3), numpy.uint8)\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))\n"
        "try:\n"
        "    write_picture(Path(sys.argv[1]), Picture(noise))\n"
        "except FileError as error:\n"
        "    print(error)\n",
        tmp_path / "out.png",
    )
    assert done.stdout == f"{tmp_path / 'out.png'} cannot be written: File too large.\n"
    assert list(tmp_path.iterdir()) == ([tmp_path / "out.png"] if older else [])
    if older:
        assert (tmp_path / "out.png").read_text() == "an older picture"


def test_a_folder_without_permission_is_refused(tmp_path: Path, python):
    tmp_path.chmod(0o555)
    done = python(
        "import os, sys\n"
        "from pathlib import Path\n"
        "from nst_client.errors import DiskFull, FileError\n"
        "from nst_client.files.pictures import check_writable\n"
        "os.chdir(sys.argv[1])\n"
        "if os.geteuid() == 0:\n"
        "    os.setuid(65534)\n"  # nobody: root may write everywhere
        "try:\n"
        "    check_writable(Path('out.png'))\n"
        "except FileError as error:\n"
        "    print(error)\n",
        tmp_path,
    )
    assert done.stdout == "out.png cannot be written: Permission denied.\n"


@pytest.mark.parametrize("name", ["out", "out.xyz", "out.gif", ".png", "png"])
def test_an_unknown_suffix_is_refused(tmp_path: Path, pixels: np.ndarray, name: str):
    with pytest.raises(FileError, match="has no suffix of a picture format") as caught:
        write_picture(tmp_path / name, Picture(pixels))
    assert caught.value.remedy == "Use one of .png, .jpg, .jpeg, .webp, .tif, .tiff."
    assert not any(tmp_path.iterdir())


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path):
    with pytest.raises(FileError) as caught:
        check_writable(tmp_path / "new" / "out.png")
    assert str(caught.value) == f"There is no folder {tmp_path / 'new'}."
    assert not (tmp_path / "new").exists()


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(FileError, match="There is no folder"):
        check_writable(tmp_path / "file" / "out.png")


def test_a_folder_as_output_is_refused(tmp_path: Path):
    (tmp_path / "out.png").mkdir()
    with pytest.raises(FileError, match=r"out\.png is a folder"):
        check_writable(tmp_path / "out.png")


def test_a_name_too_long_for_the_disk_is_refused_beforehand(tmp_path: Path):
    with pytest.raises(FileError, match="cannot be written: File name too long"):
        check_writable(tmp_path / f"{'n' * 300}.png")


def test_the_longest_name_that_the_disk_takes_can_be_written(tmp_path: Path, pixels: np.ndarray):
    file = tmp_path / f"{'n' * 251}.png"
    write_picture(file, Picture(pixels))
    assert list(tmp_path.iterdir()) == [file]


def test_checking_leaves_nothing_behind(tmp_path: Path):
    check_writable(tmp_path / "out.png")
    assert not any(tmp_path.iterdir())


def test_a_side_too_long_for_a_format_is_refused(tmp_path: Path):
    line = Picture(np.zeros((1, 20_000, 3), np.uint8))
    with pytest.raises(PictureError, match="cannot be written as WEBP") as caught:
        write_picture(tmp_path / "line.webp", line)
    assert caught.value.remedy == "Use .png."
    assert not any(tmp_path.iterdir())


def test_a_disk_without_space_is_told_from_other_trouble(tmp_path: Path):
    for number, kind in ((errno.ENOSPC, DiskFull), (errno.EDQUOT, DiskFull), (errno.EIO, FileError)):

        def fail(descriptor: int, number: int = number) -> None:
            raise OSError(number, os.strerror(number))

        with pytest.raises(FileError) as raised, replacing(tmp_path / "out.png", sync=fail) as stream:
            stream.write(b"a picture")
        assert type(raised.value) is kind
        assert list(tmp_path.iterdir()) == []
