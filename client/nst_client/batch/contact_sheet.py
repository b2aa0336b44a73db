"""All results of a batch on one picture."""

from __future__ import annotations

import math
import statistics
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import ExifTags, Image, ImageDraw, ImageFont

from nst_client.display.words import printable, shortened
from nst_client.errors import PictureError
from nst_client.files.pictures import UPRIGHT, Picture, read_picture, size_of_picture, write_picture
from nst_client.jobs.job import Job

MAX_PIXELS = 4_000_000  # 2,000 x 2,000; while it is drawn and encoded it takes 30 MB, a quarter of what the batch takes
MAX_SIDE = 320  # pixels of a cell: with few pictures a sheet is still for looking over
MIN_CAPTION_SIDE = 96  # pixels of a cell, below which no name is readable
MAX_STRETCH = 12  # times as many rows as columns, or the other way: a table beyond it would be a ribbon
SIDE_LIMITS = {".jpg": 65_500, ".jpeg": 65_500, ".webp": 16_383}  # pixels that the formats can have

PAPER, INK, GREY, CROSS = "white", (64, 64, 64), (216, 216, 216), (160, 160, 160)


class _Layout(NamedTuple):
    """Where cells are on a sheet; all in pixels."""

    cell: tuple[int, int]  # width and height of the place for a picture
    gap: int  # around every cell
    caption: int  # height of the line below a picture; 0 for none
    header: int  # extra space after the first row and column, where they show what the others come from
    size: tuple[int, int]  # of the sheet

    def corner(self, row: int, column: int) -> tuple[int, int]:
        width, height = self.cell
        left = self.gap + column * (width + self.gap) + (self.header if column else 0)
        top = self.gap + row * (height + self.caption + self.gap) + (self.header if row else 0)
        return left, top


class _Cell(NamedTuple):
    row: int
    column: int
    file: Path
    caption: str


def write_contact_sheet(file: Path, cells: Sequence[Job], columns: int | None = None) -> None:
    """Writes thumbnails of all results, as large as MAX_PIXELS allows; one picture is in memory at a time.

    Where every content meets every style once, each row is a content and each column a style, and both are
    shown at the head. Everything else is a plain grid, nearly square. A picture that cannot be read is a
    grey cell with a cross.

    Args:
        file: of any picture format; it is written whole or not at all.
        cells: one or more.
        columns: of a plain grid; None leaves the arrangement to the pictures.

    Raises:
        FileError: the sheet cannot be written; PictureError where there is nothing to show, or too much.
    """
    if not cells:
        raise PictureError("There is no picture for a contact sheet.", "Leave it out.")
    limit = SIDE_LIMITS.get(file.suffix.lower(), MAX_PIXELS)
    aspect = _aspect({job.sources.content for job in cells})
    placed = None if columns else _table(cells)
    headed = placed is not None
    if placed is None:
        placed = _grid(cells, min(columns or _square(len(cells), aspect), len(cells)))
    layout = _layout(placed, aspect, limit, headed=headed)
    if layout is None:  # so many rows of a few columns that a cell would be less than a pixel
        placed = _grid(cells, _square(len(cells), aspect))
        layout = _layout(placed, aspect, limit, headed=False)
    if layout is None:
        raise PictureError(f"{len(cells)} pictures do not fit on a contact sheet.", "Leave it out.")
    write_picture(file, Picture(np.asarray(_drawn(placed, layout))))


def read_thumbnail(file: Path, width: int, height: int) -> Image.Image:
    """A picture that fits into width x height pixels, upright, RGB, on white; a small one as it is.

    Raises:
        PictureError: the file cannot be read.
    """
    image = _drafted(file, max(width, height)) or _composed(read_picture(file))
    factor = min(width / image.width, height / image.height)
    return _resized(image, factor) if factor < 1 else image


def _drafted(file: Path, side: int) -> Image.Image | None:
    """A plain JPEG, decoded at a fraction of its size; None for what needs more care, or fails."""
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="PIL")
            with Image.open(file, formats=["JPEG"]) as image:
                if image.mode not in ("RGB", "L") or "icc_profile" in image.info:
                    return None
                image.draft("RGB", (2 * side, 2 * side))  # twice as large: its own scaling is coarse
                image.load()
                method = UPRIGHT.get(image.getexif().get(ExifTags.Base.Orientation, 1))
                return (image if method is None else image.transpose(method)).convert("RGB")
    except Exception:  # noqa: BLE001  (whatever it is, read_picture says it in words)
        return None


def _composed(picture: Picture) -> Image.Image:
    image = Image.fromarray(picture.pixels)
    if picture.alpha is None:
        return image
    return Image.composite(image, Image.new("RGB", image.size, PAPER), Image.fromarray(picture.alpha))


def _resized(image: Image.Image, factor: float) -> Image.Image:
    width, height = (max(1, round(side * factor)) for side in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS)


def _aspect(contents: Iterable[Path]) -> float:
    """Width by height of a cell: that of most contents, whose shape the results have."""
    found = [shape for shape in map(_shape, contents) if shape is not None]
    return min(2.0, max(0.5, statistics.median(found))) if found else 1.0


def _shape(file: Path) -> float | None:
    """Width by height, from the file's head alone."""
    try:
        width, height = size_of_picture(file)
    except PictureError:  # its cell will show that it cannot be read
        return None
    return width / height


def _table(jobs: Sequence[Job]) -> list[_Cell] | None:
    """Rows are contents, columns are styles; None where the jobs are no such table."""
    if any(len(job.sources.styles) > 1 or job.sources.masks_by_role for job in jobs):
        return None
    rows = {content: row for row, content in enumerate(dict.fromkeys(job.sources.content for job in jobs), 1)}
    columns = {styles: column for column, styles in enumerate(dict.fromkeys(job.sources.styles for job in jobs), 1)}
    full = len({job.sources for job in jobs}) == len(jobs) == len(rows) * len(columns)
    if not full or max(len(rows), len(columns)) > MAX_STRETCH * min(len(rows), len(columns)):
        return None
    return [
        *(_Cell(0, column, style, style.stem) for (style,), column in columns.items()),
        *(_Cell(row, 0, content, content.stem) for content, row in rows.items()),
        *(_Cell(rows[job.sources.content], columns[job.sources.styles], job.output, "") for job in jobs),
    ]


def _grid(jobs: Sequence[Job], columns: int) -> list[_Cell]:
    """The results, line by line, each with its name below."""
    return [_Cell(*divmod(index, columns), job.output, job.output.stem) for index, job in enumerate(jobs)]


def _square(count: int, aspect: float) -> int:
    return min(count, math.ceil(math.sqrt(count / aspect)))


def _layout(cells: Sequence[_Cell], aspect: float, limit: int, *, headed: bool) -> _Layout | None:
    """The largest cells with which the sheet stays within its limits."""
    rows, columns = max(cell.row for cell in cells) + 1, max(cell.column for cell in cells) + 1
    for side in range(MAX_SIDE, 0, -1):
        gap = max(1, side // 20)
        cell = max(1, round(side * min(1.0, aspect))), max(1, round(side / max(1.0, aspect)))
        caption = _font_size(side) * 3 // 2 if side >= MIN_CAPTION_SIDE else 0
        layout = _Layout(cell, gap, caption, gap if headed else 0, (0, 0))
        width, height = layout.corner(rows, columns)
        if max(width, height) <= limit and width * height <= MAX_PIXELS:
            return layout._replace(size=(width, height))
    return None


def _drawn(cells: Sequence[_Cell], layout: _Layout) -> Image.Image:
    sheet = Image.new("RGB", layout.size, PAPER)
    draw = ImageDraw.Draw(sheet)
    font = _font(_font_size(max(layout.cell))) if layout.caption else None
    width, height = layout.cell
    for cell in cells:
        left, top = layout.corner(cell.row, cell.column)
        try:
            image = read_thumbnail(cell.file, width, height)
        except PictureError:
            image = _crossed(width, height)
        image = _resized(image, min(width / image.width, height / image.height))
        sheet.paste(image, (left + (width - image.width) // 2, top + (height - image.height) // 2))
        if font is not None and cell.caption:
            draw.text((left + width // 2, top + height + 2), _fitted(cell.caption, font, width), INK, font, anchor="ma")
    return sheet


def _crossed(width: int, height: int) -> Image.Image:
    image = Image.new("RGB", (width, height), GREY)
    draw = ImageDraw.Draw(image)
    thick = max(1, width // 100)
    draw.line((0, 0, width - 1, height - 1), CROSS, thick)
    draw.line((0, height - 1, width - 1, 0), CROSS, thick)
    return image


def _font_size(side: int) -> int:
    return max(10, side // 20)


def _font(size: int) -> ImageFont.FreeTypeFont:
    import matplotlib as mpl  # its font has Greek and Cyrillic, too, which Pillow's own lacks

    return ImageFont.truetype(Path(mpl.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf"), size)


def _fitted(name: str, font: ImageFont.FreeTypeFont, width: int) -> str:
    """The name, with so much of its middle left out that it is at most `width` pixels long."""
    text = printable(name)
    for columns in range(len(text) * 2, 0, -1):  # some characters take two columns
        short = shortened(text, columns)
        if font.getlength(short) <= width:
            return short
    return ""
