"""Which part of a content takes which style, by the masks that were painted.

One mask without style masks: its colours go, light to dark, to the styles in their order, and one colour more than
there are styles keeps the content. A soft mask has two, white and black. With a blend all styles together take one.
Several masks, one for each style: what is white in each.
Style masks: a colour takes what has the same one in them, and keeps the content where none has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nst_client.contract import Options
from nst_client.errors import RequestRefused
from nst_client.files.masks import BLACK, WHITE, Colour, Mask
from nst_client.option import Pixels

NAMES = {WHITE: "white", BLACK: "black"}
Sides = tuple[int, int]  # height and width


class Region(NamedTuple):
    """A part of the content."""

    name: str  # its colour, or its mask's file
    colour: Colour | None  # None where a file is its name, and for what no mask has
    share: float  # of the picture, 0 to 1; a soft edge counts as much as it belongs to it
    styles: tuple[int, ...]  # that it takes, from 0; none: it keeps the content


class Regions(NamedTuple):
    """All of them, and the masks as they are sent."""

    inputs: Options  # content_mask and style_masks
    regions: tuple[Region, ...]


def regions_of(
    masks: Sequence[Mask],
    style_masks: Sequence[Mask],
    content: Sides,
    styles: Sequence[Sides],
    *,
    blended: bool = False,
) -> Regions:
    """What the masks of a run say.

    Args:
        masks: of the content, one or more, as they were read.
        style_masks: none, or one for each style.
        content: its height and width, as it is sent.
        styles: likewise, of each.
        blended: whether all styles have weights, and are painted together.

    Raises:
        RequestRefused: they do not fit together, or nothing would be painted.
    """
    scaled = [mask.scaled(*content) for mask in masks]
    if style_masks:
        return _by_colour(scaled, [mask.scaled(*sides) for mask, sides in zip(style_masks, styles, strict=True)])
    if len(scaled) > 1:
        return _by_file(scaled)
    return _by_lightness(scaled[0], len(styles), blended=blended)


def check_mask_counts(masks: int, style_masks: int, styles: int) -> None:
    """Refuses files of masks that are too few or too many, before they are read."""
    if masks > 1 and style_masks:
        raise _refused("mask", f"must be one where there are style masks, got {masks}", "Paint all regions into one.")
    if masks > 1 and masks != styles:
        words = f"must be one, or one for each of the styles, which are {styles}, got {masks}"
        raise _refused("mask", words, "Pass as many, in the order of the styles.")
    if style_masks and not masks:
        raise _refused("style_mask", "must come with a mask of the content", "Pass --mask, or leave it out.")
    if style_masks and style_masks != styles:
        words = f"must be one for each of the styles, which are {styles}, got {style_masks}"
        raise _refused("style_mask", words, "Pass as many, in the order of the styles.")


def check_not_empty(name: str, mask: Mask) -> None:
    """Refuses a soft mask that is black everywhere."""
    if not mask.places.any():
        raise _refused(name, f"{mask.file} is all black or transparent: nothing would be painted", "Leave it out.")


def _by_lightness(mask: Mask, styles: int, *, blended: bool) -> Regions:
    parts = 1 if blended else styles
    count = len(mask.colours)
    if count not in (parts, parts + 1):
        raise _miscounted(mask, styles, blended=blended)
    if count == 1 and mask.colours[0] == BLACK:
        raise _refused("mask", f"{mask.file} is all black: nothing would be painted", "Paint in white.")
    everything = tuple(range(styles))
    takes = [everything if blended else (part,) for part in range(parts)] + [()] * (count - parts)
    levels = [mask.belonging(colour) for colour in mask.colours]
    regions = [
        Region(_name(colour), colour, _share(places), which)
        for colour, places, which in zip(mask.colours, levels, takes, strict=True)
    ]
    return _painted(mask, levels[:parts], regions)


def _by_file(masks: Sequence[Mask]) -> Regions:
    for number, mask in enumerate(masks, 1):
        check_not_empty("mask" if number == 1 else f"mask_{number}", mask)
    levels = [mask.places for mask in masks]
    regions = [Region(mask.file.name, None, _share(mask.places), (style,)) for style, mask in enumerate(masks)]
    covered = np.minimum(np.sum(levels, axis=0, dtype=np.uint32), 255)
    rest = Region("the rest", None, _share(255 - covered), ())
    return _painted(masks[0], levels, [*regions, rest] if rest.share else regions)


def _by_colour(masks: Sequence[Mask], style_masks: Sequence[Mask]) -> Regions:
    mask, regions, levels = masks[0], [], []
    in_styles: list[list[np.ndarray]] = [[] for _ in style_masks]
    for colour in mask.colours:
        places = mask.belonging(colour)
        found = [one.belonging(colour) for one in style_masks]
        takes = tuple(style for style, there in enumerate(found) if there.any())
        regions.append(Region(_name(colour), colour, _share(places), takes))
        if takes:
            levels.append(places)
            for channels, there in zip(in_styles, found, strict=True):
                channels.append(there)
    if not levels:
        known = dict.fromkeys(colour for one in style_masks for colour in one.colours)
        words = f"{mask.file} has {_listed(mask.colours)}, and no style mask does: they have {_listed(known)}"
        raise _refused("mask", words, "Give a region the same colour in both.")
    painted = _painted(mask, levels, regions)
    packed: list[Pixels] = [np.stack(channels, axis=-1) for channels in in_styles]
    return painted._replace(inputs=Options(**painted.inputs, style_masks=packed))


def _painted(mask: Mask, levels: Sequence[np.ndarray], regions: Sequence[Region]) -> Regions:
    content_mask = np.stack(levels, axis=-1)
    if not content_mask.any():
        raise _refused("mask", f"{mask.file} leaves nothing to paint at this size", "Use a larger --size.")
    return Regions(Options(content_mask=content_mask), tuple(regions))


def _miscounted(mask: Mask, styles: int, *, blended: bool) -> RequestRefused:
    count = len(mask.colours)
    if mask.is_soft:
        words = f"{mask.file} is soft, which makes two regions, white and black, and there are {styles} styles"
        return _refused("mask", words, "Pass a mask for each style, or paint flat colours.")
    whom = "all styles blended" if blended and styles > 1 else "1 style" if styles == 1 else f"{styles} styles"
    parts = 1 if blended else styles
    words = f"{mask.file} has {_counted(count, 'colour')} for {whom}"
    remedy = f"Paint it in {_counted(parts, 'colour')}, or in one more, of which the darkest keeps the content."
    return _refused("mask", words, remedy)


def _share(levels: np.ndarray) -> float:
    return float(levels.mean()) / 255


def _name(colour: Colour) -> str:
    return NAMES.get(colour, "#{:02x}{:02x}{:02x}".format(*colour))


def _listed(colours: Sequence[Colour] | dict[Colour, None]) -> str:
    return ", ".join(map(_name, colours))


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _refused(name: str, words: str, remedy: str) -> RequestRefused:
    return RequestRefused(f"{name}: {words}.", remedy, input=name)
