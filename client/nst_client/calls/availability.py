"""Waiting for a model that is being loaded."""

from __future__ import annotations

import time
from collections.abc import Callable

from nst_client.calls.answers import VersionStatus
from nst_client.errors import DeadlineExceeded, ModelNotFound, ServerUnavailable, WrongConnection

ASK_AGAIN_SECONDS = 0.2


def wait_until_available(status: Callable[[], list[VersionStatus]], timeout_seconds: float) -> list[VersionStatus]:
    """Asks again until a version is AVAILABLE, and returns the status.

    Args:
        status: asks once.
        timeout_seconds: for how long to go on asking.

    Raises:
        NstError: the last answer's error, when the time is over; at once one that no waiting changes.
    """
    end = time.monotonic() + timeout_seconds
    while True:
        try:
            versions = status()
        except (ServerUnavailable, ModelNotFound, DeadlineExceeded) as error:
            if isinstance(error, WrongConnection) or time.monotonic() >= end:
                raise
        else:
            if any(entry.state == "AVAILABLE" for entry in versions):
                return versions
            if time.monotonic() >= end:
                states = ", ".join(
                    f"version {entry.version} {entry.state} {entry.error}".rstrip() for entry in versions
                )
                raise ModelNotFound(f"No version is available: {states}.", "Look into the server's log.")
        time.sleep(ASK_AGAIN_SECONDS)
