"""What a model's card says of options and presets: what it does not know is refused before anything is computed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
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
        self._names: AbstractSet[str] = frozenset()
        self._card: Mapping[str, Any] | None = None

    def card(self, deadline_seconds: float, *, anew: bool = False) -> Mapping[str, Any]:
        """The model's card as it was when it was last asked for; `anew` asks again.

        Raises:
            NstError: it cannot be had.
        """
        with self._lock:
            if self._card is None or anew:
                self._ask(deadline_seconds)
            assert self._card is not None  # noqa: S101  (for the type checker)
            return self._card

    def check(self, given: AbstractSet[str], deadline_seconds: float) -> None:
        """Asks for the card at the first option ever given, and before a refusal: the model may be a newer one by then.

        Raises:
            RequestRefused: the model does not know one of those given.
            NstError: the model card cannot be had.
        """
        if not given:  # as in the call that fetches the card
            return
        with self._lock:
            if given <= self._names:
                return
            self._ask(deadline_seconds)
            unknown = sorted(given - self._names)
        if unknown:
            words = " and no ".join(f"`{name}`" for name in unknown)
            raise RequestRefused(f"This model knows no {words}: export it again.", REMEDY, input=unknown[0])

    def _ask(self, deadline_seconds: float) -> None:
        self._card = self._card_within(deadline_seconds)
        self._names = names_in(self._card)


def names_in(card: Mapping[str, Any]) -> AbstractSet[str]:
    """The options that a model card names; one of before contract 2 names none, and has those of its time.

    Raises:
        BadAnswer: it has no table where one is due.
    """
    if "contract" not in card:
        return OPTIONS_OF_CONTRACT_1
    try:
        return frozenset(str(row["name"]) for row in card["options"])
    except (KeyError, TypeError) as error:
        raise BadAnswer("The model card has no table of options.", "Serve a model written by `nst export`.") from error
