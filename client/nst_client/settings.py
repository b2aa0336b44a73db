"""What a person asks of a run, apart from the pictures."""

from __future__ import annotations

from typing import Any, NamedTuple

from nst_client.inputs import Numbers


class Settings(NamedTuple):
    """The settings of a run: with the pictures and the model they decide every bit of the result."""

    iterations: int
    size: int  # longest side of both pictures in pixels; 0 keeps theirs
    numbers: Numbers = Numbers()

    def as_json(self) -> dict[str, Any]:
        """As files and reports have them, without what is the model's to choose."""
        return {"iterations": self.iterations, "size": self.size, **self.numbers.given()}
