"""The server's log: a line for each load, failure, unload and refused request.

Without `log_to_stderr` nothing is written: a model in the client's own process has no log.
"""

from __future__ import annotations

import logging

from nst_serving.errors import RequestError

LOG = logging.getLogger("nst_serving")
LOG.addHandler(logging.NullHandler())  # else Python writes warnings to stderr by itself


def log_to_stderr() -> None:
    """Writes the log to standard error, with date and time."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    LOG.addHandler(handler)
    LOG.setLevel(logging.INFO)
    LOG.propagate = False  # the command line's own handler would write it again


def log_refusal(call: str, caller: str, error: RequestError) -> None:
    """A request that was not answered: what was called, from where, and why not."""
    LOG.warning("Refused %s from %s: %s", one_line(call), one_line(caller), reason(error))


def reason(error: RequestError) -> str:
    """Code and message of an error in one line."""
    return f"{error.code.name}: {one_line(error.message)}"


def one_line(text: str) -> str:
    """A text whose line breaks and control characters, which may come from a client, are blanks."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
