"""A terminal that is closed, or a log on a full disk, must not end a run of hours."""

from __future__ import annotations

import contextlib
from typing import Any, TextIO


class TolerantStream:
    """A text stream that drops what cannot be written."""

    def __init__(self, stream: TextIO) -> None:
        """Takes the place of a stream of text."""
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        """Everything else is the stream's own."""
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Writes the text, or drops it."""
        with contextlib.suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flushes the stream, if that is possible."""
        with contextlib.suppress(OSError):
            self._stream.flush()
