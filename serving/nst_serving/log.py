"""The server's log: a line for each load, failure, unload and refused request.

Without `log_to_stderr` nothing is written: a model in the client's own process has no log.
"""

from __future__ import annotations

import logging
from pathlib import Path

from nst_export.errors import CardError
from nst_export.processor import why_slow
from nst_export.saved_model.model_card import read_card
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


def log_slowness(version_dir: Path, cpuinfo: str) -> None:
    """Warns of a version of ours whose precision the processor is slow at; `cpuinfo` is the text of /proc/cpuinfo."""
    try:
        slow = why_slow(read_card(version_dir).precision, cpuinfo)
    except CardError:  # another maker's, or damaged: that it is slow is not known
        return
    if slow:
        advice = "A GPU may not be; else export it with --precision float32."
        LOG.warning("%s: %s. %s", one_line(str(version_dir)), slow, advice)


def reason(error: RequestError) -> str:
    """Code and message of an error in one line."""
    return f"{error.code.name}: {one_line(error.message)}"


def one_line(text: str) -> str:
    """A text whose line breaks and control characters, which may come from a client, are blanks."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
