"""How the server that loads an export will run it."""

from __future__ import annotations

from typing import NamedTuple


class Execution(NamedTuple):
    """What is chosen at export; nothing here changes a picture that is finished in time."""

    exclusive: bool = False  # one optimisation at a time on a device; the others wait in line
    max_seconds: float | None = None  # wall clock of one optimisation; None: no clock is read
    xla: bool = False  # adds signatures whose network XLA compiles; the others stay without XLA


DEFAULT_EXECUTION = Execution()
