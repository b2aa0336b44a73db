"""Several styles, and masks that say where each of them goes, as the graph takes them.

Its rules are checked here too, before a request is built of them that travels far to be refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nst_client.calls.arrays import levels, padded, pixels, regions
from nst_client.contract import MAX_REGIONS, MAX_STYLES, numbered
from nst_client.errors import RequestRefused

Style = np.ndarray | Sequence[np.ndarray]  # one, or several


def style_pictures(style: Style) -> list[np.ndarray]:
    """One style or several, uint8[height, width, 3] each.

    Raises:
        RequestRefused: one is no picture, or there are too many of them.
    """
    styles = list(style) if isinstance(style, Sequence) else [style]
    check_style_count(len(styles))
    return [pixels(name, one) for name, one in zip(numbered("style", len(styles)), styles, strict=True)]


def check_style_count(count: int) -> None:
    """Refuses more styles than a run can have, or none."""
    if not 1 <= count <= MAX_STYLES:
        raise _refused("style", f"must be 1 to {MAX_STYLES} pictures, got {count}", "Pass as many.")


def further_styles(styles: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """The inputs that hold all styles but the first."""
    more = list(styles[1:])
    if not more:
        return {}
    return {"more_styles": padded(more), "more_style_sizes": np.asarray([one.shape[:2] for one in more], np.int32)}


def mask_inputs(content: np.ndarray, styles: Sequence[np.ndarray], options: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """The masks among the options, as they are sent.

    Args:
        content: uint8[height, width, 3].
        styles: likewise.
        options: those that are given.

    Raises:
        RequestRefused: a mask that breaks a rule, by the option's name.
    """
    masks: dict[str, np.ndarray] = {}
    sides = (content.shape[0], content.shape[1])
    if "strength" in options:
        masks["strength"] = levels("strength", options["strength"], sides, "the content")
    if "content_mask" in options:
        masks["content_mask"] = regions("content_mask", options["content_mask"], sides, "the content")
        _check_content_mask(masks["content_mask"], len(styles), by_style_masks="style_masks" in options)
    if "style_masks" in options:
        masks["style_masks"] = _style_masks(options["style_masks"], styles, masks.get("content_mask"))
    return masks


def check_blend(blend: np.ndarray, styles: int, masks: Mapping[str, np.ndarray]) -> None:
    """Refuses weights of styles, float32[n], that are not as many as there are styles, or have no sense."""
    if len(blend) != styles:
        words = f"must have a number for each of the styles, which are {styles}, got {len(blend)}"
        raise _refused("blend", words, "Pass as many, or leave it out to have the same of each.")
    if not blend.any():
        raise _refused("blend", "must not be 0 for every style", "Give one of them a weight.")
    if styles > 1 and "style_masks" not in masks and masks.get("content_mask", _NO_MASK).shape[2] == styles:
        words = "must be left out where content_mask gives each style a region of its own"
        raise _refused("blend", words, "Pass one region for all styles to blend them in it.")


_NO_MASK = np.zeros((0, 0, 0), np.uint8)


def _check_content_mask(mask: np.ndarray, styles: int, *, by_style_masks: bool) -> None:
    count = mask.shape[2]
    if count > MAX_REGIONS:
        raise _refused("content_mask", f"must have at most {MAX_REGIONS} regions, got {count}", "Join some of them.")
    if not by_style_masks and count not in (1, styles):
        each = "1 region" if styles == 1 else f"1 region, or one for each of the {styles} styles"
        words = f"must have {each} where there are no style_masks, got {count}"
        raise _refused("content_mask", words, "Pass style_masks to say which part of a style each region takes.")
    if not mask.any():
        raise _refused("content_mask", "must be above 0 somewhere: nothing would be painted", "Leave it out, or paint.")


def _style_masks(masks: Sequence[Any], styles: Sequence[np.ndarray], content_mask: np.ndarray | None) -> np.ndarray:
    """All of them in one array, uint8[styles, largest height, largest width, regions]."""
    if content_mask is None:
        raise _refused("style_masks", "must come with a content_mask", "Pass it, or leave them out.")
    if len(masks) != len(styles):
        words = f"must be as many as there are styles, which are {len(styles)}, got {len(masks)}"
        raise _refused("style_masks", words, "Pass one for each style, in their order.")
    checked = []
    for number, (mask, style) in enumerate(zip(masks, styles, strict=True), 1):
        sides = (style.shape[0], style.shape[1])
        checked.append(regions("style_masks", mask, sides, f"style number {number}"))
        if checked[-1].shape[2] != content_mask.shape[2]:
            counts = f"{content_mask.shape[2]} regions, as content_mask, got {checked[-1].shape[2]} in number {number}"
            raise _refused("style_masks", f"must have {counts}", "Leave a region empty that a style does not have.")
    return padded(checked)


def _refused(name: str, rule: str, remedy: str) -> RequestRefused:
    return RequestRefused(f"{name}: {rule}.", remedy, input=name)
