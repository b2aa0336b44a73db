"""Ctrl-C, and the signal with which a machine ends its processes."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupt:
    """Whether a signal has asked to stop."""

    def __init__(self) -> None:
        self.requested = False


@contextlib.contextmanager
def interruptible(on_request: Callable[[], None]) -> Iterator[Interrupt]:
    """For the length of the block the first signal is a request, and the second ends the process as usual.

    Args:
        on_request: called at the request, inside the signal's handler; best kept short.
    """
    interrupt = Interrupt()
    # One that is ignored stays so: a job that a shell runs in the background outlives the Ctrl-C meant for another.
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    usual = {number: handler for number, handler in handlers.items() if handler is not signal.SIG_IGN}

    def handle(number: int, frame: FrameType | None) -> None:
        del number, frame
        interrupt.requested = True
        for each, handler in usual.items():
            signal.signal(each, handler)
        with contextlib.suppress(RuntimeError):  # "reentrant call": the signal came in the middle of another line
            on_request()

    for number in usual:
        signal.signal(number, handle)
    try:
        yield interrupt
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)
