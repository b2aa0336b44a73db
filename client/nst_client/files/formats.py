"""Which format a file has by its first bytes, and whether it is read: the one table of readable formats."""

from __future__ import annotations

import re
from typing import NamedTuple

HEAD_BYTES = 4096  # enough to find an SVG's first tag behind its licence
TAIL_BYTES = 18  # of a TGA's footer


class Format(NamedTuple):
    """A format that is read."""

    name: str
    plugin: str  # Pillow's
    suffixes: tuple[str, ...]  # those by which a folder's files are taken; a file that is named may have any
    start: bytes | None  # a pattern for the first bytes; None where there is none to go by


# What is worth reading. Pillow also knows formats that start other programs (EPS), and some without photographs or
# paintings in them.
FORMATS = (
    Format("JPEG", "JPEG", (".jpg", ".jpeg", ".jpe", ".jfif", ".jpg_large", ".jpg-large", ".mpo"), rb"\xff\xd8\xff"),
    Format("PNG", "PNG", (".png", ".apng"), rb"\x89PNG\r\n\x1a\n"),
    Format("WebP", "WEBP", (".webp",), rb"RIFF.{4}WEBP"),
    Format("AVIF", "AVIF", (".avif",), rb".{4}ftyp(?:avi[fs]|(?:mif1|msf1|miaf).{4}(?:.{4}){0,15}?avi[fs])"),
    Format("TIFF", "TIFF", (".tif", ".tiff"), rb"II[*+]\0|MM\0[*+]"),
    Format("GIF", "GIF", (".gif",), rb"GIF8[79]a"),
    Format("BMP", "BMP", (".bmp",), rb"BM"),
    Format("BMP", "DIB", (".dib",), rb"(?:\x0c\0{3}.{4}|[\x28\x34\x38\x6c\x7c]\0{3}.{8})\x01\0"),  # without its "BM"
    Format("PPM", "PPM", (".ppm", ".pgm", ".pbm", ".pnm"), rb"P[1-6fF]\s"),
    Format("TGA", "TGA", (".tga", ".icb", ".vda", ".vst"), None),
)
TGA_FOOTER = b"TRUEVISION-XFILE.\0"

SUFFIXES = frozenset(suffix for known in FORMATS for suffix in known.suffixes)

READABLE = ", ".join(dict.fromkeys(known.name for known in FORMATS))  # as a sentence names them

# A camera's raw files are TIFF files of another kind: as TIFF they give the thumbnail that comes first in them.
RAW_SUFFIXES = frozenset({".arw", ".cr2", ".dng", ".nef", ".nrw", ".pef", ".sr2", ".srw"})
RAW = "a camera's raw file, which is not read: develop it, and export it as JPEG"

# What is not read: a pattern for the first bytes, and what to say.
OTHERS = (
    (rb".{4}ftyp(?:hei[cxms]|hev[cxms]|mif1|msf1)", "a HEIC picture, which is not read: export it as JPEG"),
    (rb".{4}ftypcrx |FUJIFILMCCD-RAW|II(?:RO|RS|U\0)", RAW),
    (rb".{4}ftyp|\x1aE\xdf\xa3|RIFF.{4}AVI ", "a video: save one of its frames as PNG"),
    (rb"\xff\x0a|\0{3}\x0cJXL \r\n\x87\n", "a JPEG XL picture, which is not read: export it as JPEG or PNG"),
    (rb"\xff\x4f\xff\x51|\0{3}\x0cjP  \r\n\x87\n", "a JPEG 2000 picture, which is not read: export it as JPEG or PNG"),
    (rb"8BPS", "a Photoshop document, which is not read: export it as PNG"),
    (rb"gimp xcf", "a GIMP document, which is not read: export it as PNG"),
    (rb"\x76\x2f\x31\x01|#\?RADIANCE|#\?RGBE", "a picture of high dynamic range, which is not read: export it as PNG"),
    (rb"\0\0[\1\2]\0[^\0]|icns", "an icon, which is not read: export it as PNG"),
    (rb"%PDF-", "a PDF document, which is not read: export the page as PNG"),
    (rb"%!PS|\xc5\xd0\xd3\xc6", "a PostScript (EPS) document, which is not read: export it as PNG"),
    (rb"(?:\xef\xbb\xbf)?\s*(?:<[?!][^>]*>\s*)*<svg\b", "an SVG drawing, which has no pixels: export it as PNG"),
    (
        rb"(?i:(?:\xef\xbb\xbf)?\s*(?:<[?!][^>]*>\s*)*<(?:html|head|body)\b|\s*<!doctype html)",
        "a web page (HTML), not a picture",
    ),
    (rb"PK\x03\x04|\x1f\x8b|Rar!|7z\xbc\xaf", "an archive, not a picture: unpack it"),
)


def format_of(head: bytes, tail: bytes, suffix: str) -> Format | str:
    """The format of a file, or what it is instead, as words behind "is".

    Args:
        head: the file's first HEAD_BYTES.
        tail: its last TAIL_BYTES.
        suffix: of its name, in small letters. It decides only where the bytes do not.
    """
    if not head:
        return "empty"
    for known in FORMATS:
        if known.start is not None and re.match(known.start, head, re.DOTALL):
            return RAW if known.name == "TIFF" and (suffix in RAW_SUFFIXES or head[8:10] == b"CR") else known
    for start, words in OTHERS:
        if re.match(start, head, re.DOTALL):
            return words
    if _is_text(head):
        return "text, not a picture"
    (tga,) = (known for known in FORMATS if known.start is None)
    return tga if suffix in tga.suffixes or tail == TGA_FOOTER else "of no known picture format"


def _is_text(head: bytes) -> bool:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):  # UTF-16
        return True
    try:
        head.decode()
    except UnicodeDecodeError as error:
        if error.end < len(head) or error.reason != "unexpected end of data":
            return False
    return not re.search(rb"[\0-\x08\x0e-\x1a\x1c-\x1f]", head)
