"""Events for programs: each as a JSON object on a line of its own; client/README.md describes them."""

from __future__ import annotations

import json
import math
from typing import Any

from nst_client.contract import LOSS_COLUMNS
from nst_client.display.events import Advanced, Event, Failed, Finished
from nst_client.display.overview import Overview
from nst_client.display.pace import RunStatus


def json_of(event: Event, overview: Overview) -> str:
    """The event's fields, what they mean for its run, and at a run's end the counts of all pictures.

    Args:
        event: the newest.
        overview: which has taken it.
    """
    fields: dict[str, Any] = {"event": type(event).__name__.lower(), **event._asdict()}
    if isinstance(event, Advanced):
        del fields["progress"]
        fields |= _status_as_json(overview.runs[event.name])
    if isinstance(event, Finished | Failed):
        fields |= {"done": overview.done, "failed": overview.failed, "total": overview.total}
    return json.dumps(fields)


def _status_as_json(status: RunStatus) -> dict[str, Any]:
    """What JSON can say of it: a number that is not known or not finite is null."""
    return status._asdict() | {"losses": {name: _finite(status.losses.get(name, math.nan)) for name in LOSS_COLUMNS}}


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
