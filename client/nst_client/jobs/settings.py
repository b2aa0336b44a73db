"""What a person asks of a run, apart from the pictures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from nst_client.contract import OPTIONS, Options


class Settings(NamedTuple):
    """The settings of a run: with the pictures and the model they decide every bit of the result."""

    iterations: int | None  # None: the preset's own
    size: int  # longest side of both pictures in pixels; 0 keeps theirs
    options: Options = Options()  # those given; never changed

    def __hash__(self) -> int:
        """Of what two settings that are equal have in common, though a dict has no hash."""
        return hash(json.dumps(self.as_json(), sort_keys=True))

    def as_json(self) -> dict[str, Any]:
        """As files and reports have them, without what is the model's to choose."""
        iterations = {} if self.iterations is None else {"iterations": self.iterations}
        return {**iterations, "size": self.size, **self.options}

    def with_options(self, options: Mapping[str, Any]) -> Settings:
        """These settings, except for the options given, which are of their types already; in the table's order."""
        given: Mapping[str, Any] = {**self.options, **options}
        ordered: Any = {name: given[name] for name in OPTIONS if name in given}
        return self._replace(options=ordered)


def settings_of_json(words: Mapping[str, Any]) -> Settings:
    """What `as_json` returned, whatever stands beside it.

    Raises:
        ValueError: something is missing, or not of its type.
    """
    iterations, size = words.get("iterations"), words.get("size")
    if type(iterations) not in (int, type(None)) or type(size) is not int:
        raise ValueError("iterations and size must be whole numbers")
    given = {
        name: option.checked(words[name]) for name, option in OPTIONS.items() if name in words and not option.is_array
    }
    return Settings(iterations, size).with_options(given)
