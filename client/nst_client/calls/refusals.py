"""What the graph's refusals say: the only module of the client that knows their words.

A refusal begins with the input and the rule: "iterations: must be a whole number from 1 to 100, got 0".
That of a state names the part in which two runs differ. A test holds these patterns to the graph's own text.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from nst_client.errors import RequestRefused, StateRefused

ASSERTION = re.compile(r"assertion failed: \[(.*)\]", re.DOTALL)
INPUT = re.compile(r"([a-z][a-z0-9_]*): (.+)", re.DOTALL)
DIFFERENCE = re.compile(r"must come from a run with the same ([a-z0-9_]+), ")

STATE = "state_bytes"  # the input that holds a run's state
PARTS_OF_THE_MODEL = ("network", "recipe")  # in which a state may differ; all other parts are the caller's

# What to do about a refused state, by the beginning of the rule. The last one fits all.
STATE_REMEDIES = {
    "made by an older version": "Begin the run anew, or serve a model of the version that began it.",
    "must be of the format": "Serve a model of the version that began the run, or begin it anew.",
    "must come from a run with the same": "Pass what the run began with: its pictures, sizes, options and model.",
    "must hold finite numbers": "Begin the run anew, with smaller weights or a smaller learning rate.",
    "": "Pass another copy of the saved run, or begin it anew.",
}


class Refusal(NamedTuple):
    """A refusal in parts."""

    input: str | None  # None where the words name none
    rule: str  # that the input broke, and what was received
    differs_in: str | None = None  # the part of another run's state: "style", "network"


def plain(details: str) -> str:
    """A runtime's message without its node names: the assertion's own words where there are some."""
    text = details.split("\n\t [[", maxsplit=1)[0].strip()
    assertion = ASSERTION.search(text)
    return assertion[1].strip() if assertion else text


def refusal_in(details: str) -> Refusal:
    """What a server refused, from its message."""
    text = plain(details)
    named = INPUT.fullmatch(text)
    if named is None:
        return Refusal(None, text)
    difference = DIFFERENCE.match(named[2]) if named[1] == STATE else None
    return Refusal(named[1], named[2], difference[1] if difference else None)


def refused(message: str, details: str) -> RequestRefused:
    """The error for a refused request.

    Args:
        message: the error's own.
        details: the server's message.
    """
    refusal = refusal_in(details)
    if refusal.input != STATE:
        return RequestRefused(message, "Change that input and call again.", input=refusal.input)
    remedy = next(remedy for rule, remedy in STATE_REMEDIES.items() if refusal.rule.startswith(rule))
    return StateRefused(message, remedy, differs_in=refusal.differs_in)
