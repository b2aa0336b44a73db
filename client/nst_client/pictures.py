"""Picture files in and out, through Pillow."""

from __future__ import annotations

import io
import json
import os
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import ExifTags, Image, ImageCms, ImageOps, PngImagePlugin, UnidentifiedImageError

from nst_client.errors import PictureError

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

# A photograph from the largest cameras has 150 million pixels; a file that announces more is a bomb.
MAX_PIXELS = 2**28


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
    remedy = "Pass a whole JPEG, PNG, WebP, TIFF, GIF, BMP or PPM file."
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # MAX_PIXELS decides
            with Image.open(file, formats=READABLE) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise Image.DecompressionBombError(f"it announces {image.width} x {image.height} pixels")
                upright = ImageOps.exif_transpose(image)
                return _scaled(_srgb(upright), size)
    except FileNotFoundError as error:
        raise PictureError(f"There is no file {file}.", "Check the path.") from error
    except UnidentifiedImageError as error:
        raise PictureError(f"{file} is not a picture.", remedy) from error
    except Image.DecompressionBombError as error:
        raise PictureError(f"{file} is too large: {error}.", "Shrink it with another program first.") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:  # Pillow's plugins raise all of them
        raise PictureError(f"{file} cannot be read: {error}.", remedy) from error


def check_writable(file: Path) -> None:
    """Refuses, before anything is computed, a path to which `write_picture` could not write.

    Raises:
        PictureError: an unknown suffix, a folder that does not exist or may not be written to.
    """
    if file.suffix.lower() not in WRITABLE:
        raise PictureError(f"{file} has no suffix of a picture format.", f"Use one of {', '.join(WRITABLE)}.")
    if file.is_dir():
        raise PictureError(f"{file} is a folder.", "Name a file.")
    try:
        with tempfile.NamedTemporaryFile(dir=file.parent):
            pass
    except OSError as error:
        raise PictureError(f"{file} cannot be written: {error.strerror}.", "Choose another folder.") from error


def write_picture(file: Path, picture: Picture, parameters: Mapping[str, object] | None = None) -> None:
    """Writes a picture whole or not at all, in the format of its suffix.

    Args:
        file: .png, .jpg, .jpeg, .webp, .tif or .tiff. JPEG cannot keep alpha.
        picture: what to write.
        parameters: stored as JSON in the EXIF image description, and in PNG as the text `nst` too.

    Raises:
        PictureError: the file cannot be written, and an older one is as it was.
    """
    check_writable(file)
    kind = WRITABLE[file.suffix.lower()]
    image = Image.fromarray(picture.pixels)
    if picture.alpha is not None and kind != "JPEG":
        image.putalpha(Image.fromarray(picture.alpha))
    buffer = io.BytesIO()
    image.save(buffer, kind, **SAVE_OPTIONS[kind], **_metadata(kind, json.dumps(parameters or {})))
    write_whole(file, buffer.getvalue())


def write_whole(file: Path, data: bytes) -> None:
    """Writes a file beside its place and renames it, so that nobody ever sees half of it."""
    temporary: Path | None = None
    try:
        with tempfile.NamedTemporaryFile(dir=file.parent, prefix=f".{file.name}.", delete=False) as stream:
            temporary = Path(stream.name)
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(0o666 & ~_umask())  # NamedTemporaryFile's 0600 is for secrets
        temporary.replace(file)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise PictureError(
            f"{file} cannot be written: {error.strerror}.", "Free some space, or choose another folder."
        ) from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _srgb(image: Image.Image) -> Image.Image:
    """Mode RGB or RGBA, 8 bits a channel, colours converted from the picture's own profile."""
    if image.mode.startswith("I"):  # 16 bits of grey, which convert() would clip to 255
        image = Image.fromarray((np.asarray(image).astype(np.uint32) / 257).round().astype(np.uint8))
    if image.mode == "F":
        raise ValueError("it has floating-point pixels; save it with 8 or 16 bits a channel")
    has_alpha = "A" in image.getbands() or "a" in image.getbands() or "transparency" in image.info
    alpha = image.convert("RGBA").getchannel("A") if has_alpha else None
    colours = _converted_by_profile(image.convert("RGB") if image.mode not in ("RGB", "L", "CMYK") else image)
    if alpha is not None:
        colours.putalpha(alpha)
    return colours


def _converted_by_profile(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError) as error:
            warnings.warn(f"ignored an ICC profile that does not fit the picture: {error}", stacklevel=2)
        else:
            return converted if converted is not None else image
    return image.convert("RGB")


def _scaled(image: Image.Image, size: int) -> Picture:
    if size:
        factor = size / max(image.size)
        width, height = (max(1, round(side * factor)) for side in image.size)
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
