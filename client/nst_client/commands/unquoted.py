"""Globs that the shell has expanded: `-c photos/*.png` reaches us as `-c photos/a.png photos/b.png`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from typer.core import TyperCommand

SEVERAL = ("-c", "--content", "-s", "--style")  # options of `nst batch`, which takes no arguments beside options


class TakesSeveral(TyperCommand):
    """Takes all words behind one of SEVERAL, up to the next option, as its values."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Repeats the option before each of them."""
        return super().parse_args(ctx, list(repeated(args)))


def repeated(words: Iterable[str]) -> Iterator[str]:
    """The words with the option that takes several put before each value but its first."""
    option, values = "", 0
    for word in words:
        if word.startswith("-") and word != "-":
            name, equals, _ = word.partition("=")
            option, values = (name, int(bool(equals))) if name in SEVERAL else ("", 0)
        elif option:
            if values:
                yield option
            values += 1
        yield word
