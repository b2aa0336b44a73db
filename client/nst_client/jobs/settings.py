"""What a person asks of a run, apart from the pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from nst_client.calls.inputs import Numbers


class Settings(NamedTuple):
    """The settings of a run: with the pictures and the model they decide every bit of the result."""

    iterations: int
    size: int  # longest side of both pictures in pixels; 0 keeps theirs
    numbers: Numbers = Numbers()

    def as_json(self) -> dict[str, Any]:
        """As files and reports have them, without what is the model's to choose."""
        return {"iterations": self.iterations, "size": self.size, **self.numbers.given()}


def settings_of_json(words: Mapping[str, Any]) -> Settings:
    """What `as_json` returned, whatever stands beside it.

    Raises:
        ValueError: something is missing, or no number.
    """
    iterations, size = words.get("iterations"), words.get("size")
    numbers = {name: words[name] for name in Numbers._fields if name in words}
    if type(iterations) is not int or type(size) is not int or not {*map(type, numbers.values())} <= {int, float}:
        raise ValueError("settings must be numbers")
    return Settings(iterations, size, Numbers(**numbers))
