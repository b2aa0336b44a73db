"""What `nst verify` finds, as records: `--json` prints them, export/REPORT.md lists them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias

Verdict: TypeAlias = Literal["yes", "no", "does not apply"]


class Answer(NamedTuple):
    """The answer to one question."""

    name: str  # of the question: see the table of questions
    question: str  # a sentence
    verdict: Verdict  # yes, no or does not apply
    reason: str  # what was found, or why the question does not apply
    remedy: str  # what to do after a no; else empty
    seconds: float  # that it took


class Verification(NamedTuple):
    """Everything."""

    source: str  # the version folder
    model: str  # the model folder's name
    version: int | None  # null for a folder that is not called by a number
    served: str | None  # the address of the server that was asked too
    passed: bool  # no answer is no
    answers: Sequence[Answer]  # in the order of the table of questions
