"""A fault that is planted in a copy of a healthy version, and which question finds it in which words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple


class Fault(NamedTuple):
    """One row."""

    name: str
    plant: Callable[[Path], None]
    found_by: tuple[str, ...]
    words: str  # in the reason


FAULTS: list[Fault] = []


def fault(found_by: str | tuple[str, ...], words: str):
    """Makes a row of a function that plants a fault into a version's folder."""

    def decorate(plant: Callable[[Path], None]) -> Callable[[Path], None]:
        questions = (found_by,) if isinstance(found_by, str) else found_by
        FAULTS.append(Fault(plant.__name__.replace("_", " "), plant, questions, words))
        return plant

    return decorate
