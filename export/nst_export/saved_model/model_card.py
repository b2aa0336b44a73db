"""The model card: what a model is made of, as JSON beside it. TensorFlow's runtime is not needed."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from nst_export.errors import CardError, SavedModelError
from nst_export.saved_model.file_bytes import bytes_of
from nst_export.saved_model.version_folder import EXTRA_ASSETS

CARD_FILE = EXTRA_ASSETS / "model_card.json"
LARGEST_CARD = 2**24  # bytes: a thousand times ours

# What callers may rely on: 1 had four optional inputs in every signature, and no table of them in the card.
CONTRACT = 2

JsonObject: TypeAlias = Mapping[str, Any]


class ModelCard(NamedTuple):
    """A model's card. A part that is itself a record stands here as the JSON object that `json_value` makes of it."""

    contract: int  # CONTRACT
    name: str
    created: str  # ISO 8601, UTC, to the second
    weights: JsonObject  # nst_export.weights.WeightsRecord
    precision: str  # of the network: float32, bfloat16 or float16
    precision_reason: str  # asked for; or what was found on the exporting machine
    pooling: str  # max, average or l2
    presets: JsonObject  # nst_graph.presets.Preset by name; the first is the default
    options: Sequence[JsonObject]  # the optional inputs: nst_graph.options.Option each
    limits: JsonObject  # min_side and nst_graph.limits.Limits
    execution: JsonObject  # nst_graph.execution.Execution
    versions: JsonObject  # of nst_serving, tensorflow and keras


PARTS = {"weights": dict, "presets": dict, "options": list, "limits": dict, "execution": dict, "versions": dict}


def json_value(value: Any) -> Any:
    """A value as JSON has it: a NamedTuple is an object with its fields' names, an infinite number null."""
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return json_value(value._asdict())
    if isinstance(value, Mapping):
        return {name: json_value(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [json_value(item) for item in value]
    return None if isinstance(value, float) and math.isinf(value) else value


def card_text(card: ModelCard) -> str:
    """The card as JSON, two blanks a level.

    Raises:
        ValueError: it holds NaN.
    """
    return json.dumps(json_value(card), indent=2, allow_nan=False)


def card_from(text: str) -> ModelCard:
    """The card in a text; what else the text says, of a newer version of this project, is left out.

    Raises:
        CardError: it is not a card.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CardError(f"The model card is not JSON: {error}.", NOT_OURS) from error
    if not isinstance(document, dict):
        raise CardError("The model card is not an object of JSON.", NOT_OURS)
    missing = [field for field in ModelCard._fields if field not in document]
    if missing:
        raise CardError(f"The model card lacks {', '.join(missing)}.", NOT_OURS)
    for field, kind in PARTS.items():
        if not isinstance(document[field], kind):
            raise CardError(f"The model card's part {field} is damaged.", NOT_OURS)
    return ModelCard(**{field: document[field] for field in ModelCard._fields})


NOT_OURS = "It is not what `nst export` wrote: copy the whole version folder again, or export it again."


def write_card(version_dir: Path, card: ModelCard) -> None:
    """Writes the card beside the graph."""
    file = version_dir / CARD_FILE
    file.parent.mkdir(exist_ok=True)
    file.write_text(card_text(card) + "\n", encoding="utf-8")


def read_card(version_dir: Path) -> ModelCard:
    """The card of a version.

    Raises:
        CardError: there is none, or it is damaged.
    """
    file = version_dir / CARD_FILE
    try:
        return card_from(bytes_of(file, LARGEST_CARD).decode(errors="replace"))
    except SavedModelError as error:
        raise CardError(str(error), NOT_OURS) from error
    except CardError as error:
        raise CardError(f"{file}: {error}", NOT_OURS) from error
