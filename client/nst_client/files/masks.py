"""Masks as people paint them: flat colours, shades of grey, or transparency."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from nst_client.contract import MAX_REGIONS
from nst_client.errors import PictureError
from nst_client.files.pictures import Picture, read_picture

Colour = tuple[int, int, int]  # red, green and blue, 0 to 255

WHITE, BLACK = (255, 255, 255), (0, 0, 0)


class Mask(NamedTuple):
    """A mask, of its file's size or scaled."""

    file: Path
    places: np.ndarray  # uint8[height, width]: of a soft mask how white it is, else which of `colours` it has
    colours: tuple[Colour, ...]  # light to dark; of a soft mask white and black
    is_soft: bool

    def scaled(self, height: int, width: int) -> Mask:
        """The mask at another size, whatever its proportions are: no colour appears that was not painted."""
        if self.places.shape == (height, width):
            return self
        # A filter that overshoots would let a little of a region into what was left out.
        method = Image.Resampling.BILINEAR if self.is_soft else Image.Resampling.NEAREST
        return self._replace(places=np.asarray(Image.fromarray(self.places).resize((width, height), method)))

    def belonging(self, colour: Colour) -> np.ndarray:
        """How much each place belongs to a colour: uint8[height, width]; zeros where the mask does not have it."""
        if not self.is_soft:
            place = self.colours.index(colour) if colour in self.colours else len(self.colours)
            return np.where(self.places == place, np.uint8(255), np.uint8(0))
        if colour not in self.colours:
            return np.zeros_like(self.places)
        return self.places if colour == WHITE else np.uint8(255) - self.places


def read_mask(file: Path) -> Mask:
    """Reads a mask of regions: what is partly transparent is soft, and so are more than 16 levels of grey.

    Raises:
        PictureError: as `read_picture`; or it has more than 16 colours that are not all grey.
    """
    picture = read_picture(file)
    colours = Image.fromarray(picture.pixels).getcolors(MAX_REGIONS)
    if picture.alpha is not None or (colours is None and _is_grey(picture)):
        return _soft(file, picture)
    if colours is None:
        raise PictureError(
            f"{file} has more than {MAX_REGIONS} colours, and each flat colour of a mask is a region.",
            "Paint it without soft brushes and save it as PNG, or paint in shades of grey.",
        )
    painted: list[Any] = [colour for _, colour in colours]  # of three numbers each, since the mode is RGB
    flat: list[Colour] = sorted(painted, key=lambda colour: (_lightness(colour), colour), reverse=True)
    places = np.zeros(picture.pixels.shape[:2], np.uint8)
    for place, colour in enumerate(flat):
        places[(picture.pixels == colour).all(axis=-1)] = place
    return Mask(file, places, tuple(flat), is_soft=False)


def read_soft_mask(file: Path) -> Mask:
    """Reads a mask of one region, to which a place belongs as much as it is opaque or, where all is opaque, light.

    Raises:
        PictureError: as `read_picture`.
    """
    return _soft(file, read_picture(file))


def note_other_size(mask: Mask, file: Path, size: tuple[int, int]) -> None:
    """Warns of a mask whose size is not that of its picture's file, width and height, though it is scaled to it."""
    height, width = mask.places.shape
    if (width, height) == size:
        return
    stretched = abs(width * size[1] - height * size[0]) > max(*size, width, height)  # more than rounding to a pixel
    how = "stretched to its proportions" if stretched else "scaled to it"
    words = f"{mask.file} is {width} x {height} pixels, and {file} {size[0]} x {size[1]}: the mask is {how}."
    warnings.warn(words, stacklevel=2)


def _soft(file: Path, picture: Picture) -> Mask:
    if picture.alpha is not None:
        return Mask(file, picture.alpha, (WHITE, BLACK), is_soft=True)
    levels = picture.pixels[:, :, 0] if _is_grey(picture) else np.asarray(Image.fromarray(picture.pixels).convert("L"))
    return Mask(file, levels, (WHITE, BLACK), is_soft=True)


def _is_grey(picture: Picture) -> bool:
    red, green, blue = np.moveaxis(picture.pixels, -1, 0)
    return bool((red == green).all() and (green == blue).all())


def _lightness(colour: Colour) -> int:
    """ITU-R BT.601's luma, in thousandths."""
    red, green, blue = colour
    return 299 * red + 587 * green + 114 * blue
