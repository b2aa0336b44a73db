"""What a question is answered with."""

from __future__ import annotations

from typing import NamedTuple

from nst_export.verification.report import Verdict

EXPORT_AGAIN = "Export the model again."
COPY_AGAIN = "Copy the whole version folder again (`nst copy` compares the digests), or export the model again."


class Finding(NamedTuple):
    """An answer without its question."""

    verdict: Verdict
    reason: str
    remedy: str = ""


class DoesNotApply(Exception):
    """The question cannot be asked of this model; the text says why."""


def yes(reason: str) -> Finding:
    """What was found, in words that a person can check."""
    return Finding("yes", reason)


def no(reason: str, remedy: str) -> Finding:
    """What is wrong, and what to do."""
    return Finding("no", reason, remedy)


def judged(faults: list[str], otherwise: str, remedy: str) -> Finding:
    """A no with all faults, or a yes if there are none."""
    return no(in_one_sentence(faults), remedy) if faults else yes(otherwise)


MOST_FAULTS = 5


def in_one_sentence(faults: list[str]) -> str:
    """The first few, and how many more there are."""
    more = len(faults) - MOST_FAULTS
    return "; ".join(faults[:MOST_FAULTS]) + (f"; and {more} more" if more > 0 else "")
