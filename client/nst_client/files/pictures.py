"""Picture files in and out, through Pillow."""

from __future__ import annotations

import contextlib
import io
import json
import os
import struct
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from PIL import ExifTags, Image, ImageCms, PngImagePlugin, UnidentifiedImageError

from nst_client.errors import PictureError
from nst_client.files.formats import HEAD_BYTES, READABLE, TAIL_BYTES, Format, format_of
from nst_client.files.png import without_side_chunks
from nst_client.files.tiff import UnreadMode, grey_levels, open_tiff, positive
from nst_client.files.written import check_can_write, write_whole

DAMAGE = (OSError, SyntaxError, ValueError, EOFError, RuntimeError, struct.error)  # Pillow's plugins raise all of them
DAMAGED = "Copy or download it again, or save it anew with another program."

WRITABLE = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP", ".tif": "TIFF", ".tiff": "TIFF"}

# JPEG's usual 4:2:0 blurs the colours of brush strokes; 95 is the highest quality that still saves space.
SAVE_OPTIONS: Mapping[str, Mapping[str, object]] = {
    "PNG": {},
    "JPEG": {"quality": 95, "subsampling": "4:4:4"},
    "WEBP": {"quality": 95, "method": 4},
    "TIFF": {"compression": "tiff_adobe_deflate"},
}

# Pillow's own limit for files, held for enlarged pictures too; the largest cameras have 150 million pixels.
MAX_PIXELS = 178_956_970

# What undoes EXIF's orientations. Pillow's exif_transpose also writes all EXIF data anew, and fails where a
# camera's own is not quite valid.
UPRIGHT: Mapping[object, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# The colour spaces of ICC profiles, and the modes in which Pillow converts from them.
PROFILE_MODES = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK", "Lab ": "LAB"}


class Picture(NamedTuple):
    """A picture as the model wants it, and what it cannot use."""

    pixels: np.ndarray  # uint8[height, width, 3], sRGB
    alpha: np.ndarray | None = None  # uint8[height, width]; None where all is opaque
    stored: tuple[int, int] | None = None  # width and height in the file, upright; None for one of no file

    @property
    def size_in_file(self) -> tuple[int, int]:
        """Width and height before it was scaled."""
        height, width = self.pixels.shape[:2]
        return self.stored or (width, height)


def read_picture(file: Path, size: int = 0) -> Picture:
    """Reads any common picture upright, in sRGB, 8 bits a channel.

    Args:
        file: of a format in `formats.FORMATS`, whatever its suffix: grey, palette, CMYK, 16 bits and alpha included.
        size: longest side in pixels; 0 keeps the file's. The aspect ratio is never changed.

    Raises:
        PictureError: no such file, no picture, one of a kind that is not read, damaged, or too large.
    """
    if size < 0:
        raise PictureError(f"size: must be 0 or more, got {size}.", "Pass the longest side in pixels; 0 keeps it.")
    with _opened(file) as image:
        return _scaled(_srgb(_upright(image), file), size)


def read_filling(file: Path, height: int, width: int) -> np.ndarray:
    """Reads a picture scaled to a size, uint8[height, width, 3], whatever its aspect ratio is.

    Raises:
        PictureError: as `read_picture`.
    """
    image = Image.fromarray(read_picture(file).pixels)
    if image.size != (width, height):
        image = image.resize((width, height), Image.Resampling.LANCZOS)
    return np.asarray(image)


def size_of_picture(file: Path) -> tuple[int, int]:
    """Width and height of a picture that is turned upright, without decoding it.

    Raises:
        PictureError: as `read_picture`, except for damage further back in the file.
    """
    with _opened(file) as image:
        width, height = image.size
        lies = image.format != "TIFF" and _orientation(image) in (5, 6, 7, 8)  # a TIFF's size is upright already
        return (height, width) if lies else (width, height)


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[Image.Image]:
    """The picture in a file, not decoded yet; whatever goes wrong with it in the block becomes a PictureError."""
    try:
        with warnings.catch_warnings(), file.open("rb") as stream:
            warnings.filterwarnings("ignore", module="PIL")  # what is slightly wrong with the file's metadata
            with _identified(file, stream) as image:
                yield image
    except FileNotFoundError as error:
        raise PictureError(f"There is no file {file}.", "Check the path.") from error
    except Image.DecompressionBombError as error:
        reason = str(error).rstrip(".")
        raise PictureError(f"{file} is too large: {reason}.", "Shrink it with another program first.") from error
    except DAMAGE as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise PictureError(f"{file} cannot be read: {error.strerror}.", "Check the path.") from error
        raise PictureError(f"{file} is damaged: {_reason(error)}.", DAMAGED) from error


def check_writable(file: Path) -> None:
    """Refuses, before anything is computed, a path to which `write_picture` could not write.

    Raises:
        FileError: an unknown suffix, a folder that does not exist or may not be written to.
    """
    check_can_write(file, WRITABLE, "a picture format")


def write_picture(file: Path, picture: Picture, parameters: Mapping[str, object] | None = None) -> None:
    """Writes a picture whole or not at all, in the format of its suffix.

    Args:
        file: .png, .jpg, .jpeg, .webp, .tif or .tiff. JPEG cannot keep alpha.
        picture: what to write.
        parameters: stored as JSON in the EXIF image description, and in PNG as the text `nst` too.

    Raises:
        FileError: the file cannot be written, and an older one is as it was; PictureError where its format is to blame.
    """
    check_writable(file)
    kind = WRITABLE[file.suffix.lower()]
    image = Image.fromarray(picture.pixels)
    if picture.alpha is not None and kind != "JPEG":
        image.putalpha(Image.fromarray(picture.alpha))
    buffer = io.BytesIO()
    try:
        image.save(buffer, kind, **SAVE_OPTIONS[kind], **_metadata(kind, json.dumps(parameters or {})))
    except (OSError, ValueError) as error:  # a side too long for JPEG or WebP
        raise PictureError(f"{file} cannot be written as {kind}: {_reason(error)}.", "Use .png.") from error
    write_whole(file, buffer.getvalue())


def _identified(file: Path, stream: BinaryIO) -> Image.Image:
    """Opens a picture by what its first bytes say.

    Raises:
        PictureError: it is of a kind that is not read.
        ValueError: it is damaged; Pillow raises several other errors for that.
    """
    head = stream.read(HEAD_BYTES)
    stream.seek(max(0, stream.seek(0, os.SEEK_END) - TAIL_BYTES))
    kind = format_of(head, stream.read(), file.suffix.lower())
    if isinstance(kind, str):
        raise PictureError(f"{file} is {kind}.", f"These are read: {READABLE}.")
    try:
        return _opened_as(kind, stream)
    except UnidentifiedImageError as error:
        raise ValueError(f"it begins like a {kind.name} file, and does not go on like one") from error
    except UnreadMode as error:
        words = f"{file} is a TIFF picture whose pixels are {error}, which are not read"
        raise PictureError(f"{words}: save it as RGB of 8 bits a channel.", "PNG keeps all of them, too.") from error


def _opened_as(kind: Format, stream: BinaryIO) -> Image.Image:
    stream.seek(0)
    if kind.name == "TIFF":
        return open_tiff(stream)
    if kind.name != "PNG":
        return Image.open(stream, formats=[kind.plugin])
    png = without_side_chunks(stream.read())
    image = Image.open(io.BytesIO(png.data), formats=[kind.plugin])
    if png.profile is not None:
        image.info["icc_profile"] = png.profile
    return image


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error).rstrip(".")


def _upright(image: Image.Image) -> Image.Image:
    image.load()  # turns a TIFF file upright, and takes its orientation away
    method = UPRIGHT.get(_orientation(image))
    return image if method is None else image.transpose(method)


def _orientation(image: Image.Image) -> object:
    """By EXIF; 1, upright, where its data is damaged: no other reader minds that."""
    try:
        return image.getexif().get(ExifTags.Base.Orientation, 1)
    except (OSError, SyntaxError, ValueError, TypeError, LookupError, struct.error):
        return 1


def _srgb(image: Image.Image, file: Path) -> Image.Image:
    """Mode RGB or RGBA, 8 bits a channel, colours converted from the picture's own profile."""
    alpha, profile = _alpha(image), image.info.get("icc_profile")
    colours = _eight_bits(image, file)
    if profile:
        try:
            colours = _converted_by_profile(colours, profile)
        except (ImageCms.PyCMSError, OSError) as error:
            message = f"{file}: ignored its ICC profile, which does not fit the picture: {_reason(error)}."
            warnings.warn(message, stacklevel=3)
    colours = colours.convert("RGB")
    if alpha is not None:
        colours.putalpha(alpha)
    return colours


def _alpha(image: Image.Image) -> Image.Image | None:
    if not image.has_transparency_data:
        return None
    if image.mode.startswith("I"):  # convert("RGBA") would clip the grey that stands for transparent
        opaque = np.asarray(image) != image.info["transparency"]
        return Image.fromarray(np.where(opaque, 255, 0).astype(np.uint8))
    straight = image.convert("LA") if image.mode == "La" else image  # the other way round there is no conversion
    return straight.convert("RGBA").getchannel("A")


def _eight_bits(image: Image.Image, file: Path) -> Image.Image:
    remedy = "Only a program that knows the picture can tell which of its levels is white."
    if image.mode == "F":
        raise PictureError(f"{file} has floating-point pixels: save it with 8 or 16 bits a channel.", remedy)
    if image.mode.startswith("I"):
        levels, white = grey_levels(image)
        if levels.min() < 0 or levels.max() > white:
            raise PictureError(f"{file} has signed or 32-bit pixels: save it with 8 or 16 bits a channel.", remedy)
        return Image.fromarray((levels * (255 / white)).round().astype(np.uint8))  # convert() would clip to 255
    return positive(image.convert("LA")) if image.mode in ("LA", "La") else image  # La converts to nothing else


def _converted_by_profile(image: Image.Image, profile: bytes) -> Image.Image:
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    wanted = PROFILE_MODES.get(source.profile.xcolor_space)
    own = {"1": "L", "L": "L", "LA": "L", "CMYK": "CMYK", "LAB": "LAB"}.get(image.mode, "RGB")
    if wanted is None or wanted not in (own, "RGB" if own == "L" else own):
        raise ImageCms.PyCMSError(f"it is for {source.profile.xcolor_space.strip()}, the picture is {image.mode}")
    target = ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(image.convert(wanted), source, target, outputMode="RGB")
    return converted or image  # it is None only where a picture is converted in place


def scaled_size(width: int, height: int, size: int) -> tuple[int, int]:
    """Width and height that `read_picture` gives a picture whose longest side is to be `size` pixels."""
    factor = size / max(width, height)
    return max(1, round(width * factor)), max(1, round(height * factor))


def _scaled(image: Image.Image, size: int) -> Picture:
    stored = image.size
    if size:
        width, height = scaled_size(*stored, size)
        if width * height > MAX_PIXELS:
            raise PictureError(f"size: {size} would make {width} x {height} pixels.", "Use a smaller size.")
        if (width, height) != image.size:
            image = image.resize((width, height), Image.Resampling.LANCZOS)  # weighs colours by alpha
    pixels = np.asarray(image.convert("RGB"))
    if image.mode != "RGBA":
        return Picture(pixels, stored=stored)
    alpha = np.asarray(image.getchannel("A"))
    return Picture(pixels, None if (alpha == 255).all() else alpha, stored)


def _metadata(kind: str, parameters: str) -> dict[str, object]:
    exif = Image.Exif()
    exif[ExifTags.Base.Software] = "nst-serving"
    exif[ExifTags.Base.ImageDescription] = parameters
    if kind != "PNG":
        return {"exif": exif}
    text = PngImagePlugin.PngInfo()
    text.add_text("nst", parameters)
    return {"exif": exif, "pnginfo": text}
