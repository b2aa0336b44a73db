"""Which calls may run now: a bounded number at once, a bounded number in the queue; others are refused."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Iterator

import grpc

from nst_serving.errors import RequestError


class Admission:
    """A queue in front of the processor. First come, first served."""

    def __init__(self, *, running: int, waiting: int) -> None:
        """Lets `running` calls in at once and `waiting` more stand in line."""
        self._changed = threading.Condition()
        self._free = running
        self._waiting = waiting
        self._line: deque[object] = deque()
        self.in_flight = 0

    @contextlib.contextmanager
    def turn(self, timeout_seconds: float | None, cancelled: threading.Event) -> Iterator[float | None]:
        """Waits for a turn, and holds it for the block.

        Args:
            timeout_seconds: the call's own; None waits as long as it takes.
            cancelled: set when the client has gone; `wake` must be called then.

        Yields:
            What is left of `timeout_seconds`.

        Raises:
            RequestError: RESOURCE_EXHAUSTED when the line is full, in the words of TensorFlow Serving's
                own thread pool; DEADLINE_EXCEEDED or CANCELLED when the client no longer waits.
        """
        end = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        ticket = object()
        with self._changed:
            if not self._free and len(self._line) >= self._waiting:
                raise RequestError(grpc.StatusCode.RESOURCE_EXHAUSTED, "Server Threadpool Exhausted")
            self._line.append(ticket)
            try:
                self._changed.wait_for(
                    lambda: cancelled.is_set() or (self._free > 0 and self._line[0] is ticket),
                    None if end is None else end - time.monotonic(),
                )
                self._check(end, cancelled)
                if not self._free or self._line[0] is not ticket:
                    raise RequestError(grpc.StatusCode.DEADLINE_EXCEEDED, EXPIRED)
                self._free -= 1
                self.in_flight += 1
            finally:
                self._line.remove(ticket)
                self._changed.notify_all()
        try:
            yield None if end is None else end - time.monotonic()
        finally:
            with self._changed:
                self._free += 1
                self.in_flight -= 1
                self._changed.notify_all()

    def wake(self) -> None:
        """Lets those in line look whether they were cancelled."""
        with self._changed:
            self._changed.notify_all()

    @staticmethod
    def _check(end: float | None, cancelled: threading.Event) -> None:
        if cancelled.is_set():
            raise RequestError(grpc.StatusCode.CANCELLED, "The client cancelled the call.")
        if end is not None and time.monotonic() >= end:
            raise RequestError(grpc.StatusCode.DEADLINE_EXCEEDED, EXPIRED)


EXPIRED = "Timed out waiting for notification"  # direct_session.cc's words for a run that took too long
