"""The model card: what a model is made of, as JSON beside it and behind its `describe` signature."""

from __future__ import annotations

import json
import math
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

import nst_graph
from nst_export.weights import WeightsRecord
from nst_graph.limits import MIN_SIDE, Limits
from nst_graph.presets import Precision, Preset
from nst_graph.server_options import ServerOptions

CARD_FILE = Path("assets.extra") / "model_card.json"


def model_card(
    *,
    name: str,
    weights: WeightsRecord,
    preset_name: str,
    preset: Preset,
    precision: Precision,
    limits: Limits,
    options: ServerOptions,
) -> str:
    """JSON text; every number in it is the one in the graph."""
    recipe: dict[str, Any] = {"preset": preset_name, **preset._asdict()}
    if math.isinf(preset.decay_updates):
        recipe["decay_updates"] = None  # JSON has no infinity
    card = {
        "name": name,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "weights": weights._asdict(),
        "precision": precision,
        "recipe": recipe,
        "limits": {"min_side": MIN_SIDE, **limits._asdict()},
        "options": options._asdict(),
        "versions": {
            "nst_serving": nst_graph.__version__,
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
        },
    }
    return json.dumps(card, indent=2, allow_nan=False)
