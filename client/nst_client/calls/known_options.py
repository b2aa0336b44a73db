"""Which options a model knows: what it does not know is refused before anything is computed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from typing import Any

from nst_client.contract import OPTIONS_OF_CONTRACT_1
from nst_client.errors import BadAnswer, RequestRefused

REMEDY = "Write a new version with `nst export`, or leave the option out."


class KnownOptions:
    """The options in a model's card. Threads may share it."""

    def __init__(self, card_within: Callable[[float], Mapping[str, Any]]) -> None:
        """Takes what asks for the model card, within so many seconds; it is not asked yet."""
        self._card_within = card_within
        self._lock = threading.Lock()
        self._names: Collection[str] = ()

    def check(self, given: Collection[str], deadline_seconds: float) -> None:
        """Asks for the card at the first option ever given, and before a refusal: the model may be a newer one by then.

        Raises:
            RequestRefused: the model knows one of those given not.
            NstError: the model card cannot be had.
        """
        if not given:  # as in the call that fetches the card
            return
        with self._lock:
            if set(given) <= set(self._names):
                return
            self._names = names_in(self._card_within(deadline_seconds))
        for name in sorted(set(given) - set(self._names)):
            raise RequestRefused(f"This model knows no `{name}`: export it again.", REMEDY, input=name)


def names_in(card: Mapping[str, Any]) -> Collection[str]:
    """The options that a model card names; one of before contract 2 names none, and is known.

    Raises:
        BadAnswer: its table is none.
    """
    if "contract" not in card:
        return OPTIONS_OF_CONTRACT_1
    try:
        return frozenset(str(row["name"]) for row in card["options"])
    except (KeyError, TypeError) as error:
        raise BadAnswer("The model card has no table of options.", "Serve a model written by `nst export`.") from error
