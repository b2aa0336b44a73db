"""What the inputs and outputs of our signatures mean, which a SavedModel has no place for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nst_export.errors import CardError
from nst_export.saved_model.model_card import NOT_OURS

MEANINGS = {
    "content": "The picture to repaint, RGB.",
    "style": "The picture in whose manner, RGB, of any size.",
    "content_bytes": "The picture to repaint, JPEG or PNG.",
    "style_bytes": "The picture in whose manner, JPEG or PNG.",
    "iterations": "Updates of the picture.",
    "size": "Longest side of the result in pixels; 0 keeps the content's.",
    "state_bytes": "The state of a run, for the next call.",
    "image": "The picture, RGB, of the content's size.",
    "image_bytes": "The picture, PNG.",
    "losses": "A row for each iteration: total, content, style, total variation, weighted.",
    "model_card": "What the model is made of, as JSON.",
    "style_errors": "Distance to the style at five layers, relative.",
    "content_error": "Distance to the content, relative.",
    "total_variation": "Mean squared difference of neighbours.",
}


def meanings_of(card: Mapping[str, Any] | None) -> dict[str, str]:
    """The meaning of each name, the options' with range and default; none for a model that is not ours.

    Raises:
        CardError: the card's table of options is damaged.
    """
    if card is None:
        return {}
    try:
        return MEANINGS | {row["name"]: " ".join(filter(None, _sentences(row))) for row in card["options"]}
    except (KeyError, TypeError, AttributeError) as error:
        raise CardError("The model card's table of options is damaged.", NOT_OURS) from error


def _sentences(row: Mapping[str, Any]) -> tuple[str, str, str]:
    whose = "the model's first" if row["name"] == "preset" else "the preset's own"
    unset = row["default"] is None and 3 not in row["shape"]  # a picture is not there by default
    return row["meaning"], _range(row), f"By default {whose}." if unset else ""


def _range(row: Mapping[str, Any]) -> str:
    if row["choices"]:
        return f"One of {', '.join(row['choices'])}."
    if row["maximum"] <= row["minimum"]:
        return ""
    low, high = (f"{end:.6g}" if isinstance(end, float) else str(end) for end in (row["minimum"], row["maximum"]))
    words = f"Above {low}, up to {high}" if row["exclusive_minimum"] else f"From {low} to {high}"
    return f"{words} {row['unit']}".rstrip() + "."
