"""Picture files in and out, through Pillow."""

from __future__ import annotations

import io
import json
import struct
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import ExifTags, Image, ImageCms, PngImagePlugin, UnidentifiedImageError

from nst_client.errors import PictureError
from nst_client.files.written import check_can_write, write_whole

# What is worth reading; Pillow also knows formats that start other programs (EPS).
READABLE = ("JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP", "PPM")
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
UPRIGHT = {
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


def read_picture(file: Path, size: int = 0) -> Picture:
    """Reads any common picture upright, in sRGB, 8 bits a channel.

    Args:
        file: JPEG, PNG, WebP, TIFF, GIF, BMP or PPM: grey, palette, CMYK, 16 bits and alpha included.
        size: longest side in pixels; 0 keeps the file's. The aspect ratio is never changed.

    Raises:
        PictureError: no such file, no picture, truncated, or too large.
    """
    if size < 0:
        raise PictureError(f"size: must be 0 or more, got {size}.", "Pass the longest side in pixels; 0 keeps it.")
    remedy = "Pass a whole JPEG, PNG, WebP, TIFF, GIF, BMP or PPM file."
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="PIL")  # what is slightly wrong with the file's metadata
            with Image.open(file, formats=READABLE) as image:
                return _scaled(_srgb(_upright(image), file), size)
    except FileNotFoundError as error:
        raise PictureError(f"There is no file {file}.", "Check the path.") from error
    except UnidentifiedImageError as error:
        raise PictureError(f"{file} is not a picture.", remedy) from error
    except Image.DecompressionBombError as error:
        reason = str(error).rstrip(".")
        raise PictureError(f"{file} is too large: {reason}.", "Shrink it with another program first.") from error
    except (OSError, SyntaxError, ValueError, EOFError, struct.error) as error:  # Pillow's plugins raise all of them
        raise PictureError(f"{file} cannot be read: {_reason(error)}.", remedy) from error


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


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error).rstrip(".")


def _upright(image: Image.Image) -> Image.Image:
    image.load()  # turns a TIFF file upright, and takes its orientation away
    method = UPRIGHT.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    return image if method is None else image.transpose(method)


def _srgb(image: Image.Image, file: Path) -> Image.Image:
    """Mode RGB or RGBA, 8 bits a channel, colours converted from the picture's own profile."""
    alpha, profile = _alpha(image), image.info.get("icc_profile")
    colours = _eight_bits(image)
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
    return image.convert("RGBA").getchannel("A")


def _eight_bits(image: Image.Image) -> Image.Image:
    if image.mode == "F":
        raise ValueError("it has floating-point pixels; save it with 8 or 16 bits a channel")
    if not image.mode.startswith("I"):
        return image
    levels = np.asarray(image)
    if levels.min() < 0 or levels.max() > 65535:
        raise ValueError("it has 32-bit pixels; save it with 8 or 16 bits a channel")
    return Image.fromarray((levels / 257).round().astype(np.uint8))  # convert() would clip to 255


def _converted_by_profile(image: Image.Image, profile: bytes) -> Image.Image:
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    wanted = PROFILE_MODES.get(source.profile.xcolor_space)
    own = {"1": "L", "L": "L", "LA": "L", "CMYK": "CMYK", "LAB": "LAB"}.get(image.mode, "RGB")
    if wanted is None or wanted not in (own, "RGB" if own == "L" else own):
        raise ImageCms.PyCMSError(f"it is for {source.profile.xcolor_space.strip()}, the picture is {image.mode}")
    target = ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(image.convert(wanted), source, target, outputMode="RGB")
    return converted or image  # it is None only where a picture is converted in place


def _scaled(image: Image.Image, size: int) -> Picture:
    if size:
        factor = size / max(image.size)
        width, height = (max(1, round(side * factor)) for side in image.size)
        if width * height > MAX_PIXELS:
            raise PictureError(f"size: {size} would make {width} x {height} pixels.", "Use a smaller size.")
        if (width, height) != image.size:
            image = image.resize((width, height), Image.Resampling.LANCZOS)  # weighs colours by alpha
    pixels = np.asarray(image.convert("RGB"))
    if image.mode != "RGBA":
        return Picture(pixels)
    alpha = np.asarray(image.getchannel("A"))
    return Picture(pixels, None if (alpha == 255).all() else alpha)


def _metadata(kind: str, parameters: str) -> dict[str, object]:
    exif = Image.Exif()
    exif[ExifTags.Base.Software] = "nst-serving"
    exif[ExifTags.Base.ImageDescription] = parameters
    if kind != "PNG":
        return {"exif": exif}
    text = PngImagePlugin.PngInfo()
    text.add_text("nst", parameters)
    return {"exif": exif, "pnginfo": text}
