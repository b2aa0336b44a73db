"""Words that nobody hears any more."""

from __future__ import annotations

import contextlib
from typing import Any, TextIO


class Unheard:
    """A stream that drops what cannot be written: a terminal that was closed must not end a run of hours."""

    def __init__(self, stream: TextIO) -> None:
        """Takes the place of a stream of text."""
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        """Everything else is the stream's own."""
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Writes the text, or not."""
        with contextlib.suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Sends what was written on its way, or not."""
        with contextlib.suppress(OSError):
            self._stream.flush()
