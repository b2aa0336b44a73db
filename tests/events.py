"""Waiting for what has happened, whatever time this machine takes for it."""

from __future__ import annotations

import time
from collections.abc import Callable

GUARD_SECONDS = 60  # what a test gives up after: far more than a busy machine needs, and less than an endless run takes


def wait_until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + GUARD_SECONDS
    while not condition():
        assert time.monotonic() < end, f"it did not come true within {GUARD_SECONDS} seconds"
        time.sleep(0.01)


def wait_for_work() -> None:
    """Until this process has worked a while: a run that was begun on another thread is in its loop then."""
    end = time.process_time() + 0.3
    wait_until(lambda: time.process_time() >= end)
