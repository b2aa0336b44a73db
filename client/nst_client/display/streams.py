"""A terminal that is closed, or a full disk behind a pipe, must not end a run of hours, nor fail one that has ended."""

from __future__ import annotations

import contextlib
import errno
from typing import Any, TextIO


class TolerantStream:
    """A text stream that drops what cannot be written."""

    def __init__(self, stream: TextIO) -> None:
        """Takes the place of a stream of text."""
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        """Everything else is the stream's own, except its bytes, which would be written past this one."""
        if name == "buffer":
            raise AttributeError(name)
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


class ResultStream(TolerantStream):
    """A stream of results: what cannot be written there is told elsewhere, and is no failure."""

    def __init__(self, stream: TextIO, elsewhere: TextIO | TolerantStream) -> None:
        """Takes the place of `stream`; `elsewhere` must flush every line."""
        super().__init__(stream)
        self._elsewhere = elsewhere
        self._pending = ""  # written since the last flush

    def write(self, text: str) -> int:
        """Writes the text, or tells it elsewhere. What the encoding cannot say is escaped, as Python does."""
        self._pending += text
        try:
            try:
                self._stream.write(text)
            except UnicodeEncodeError as error:
                self._stream.write(text.encode(error.encoding, "backslashreplace").decode(error.encoding))
        except OSError as error:
            self._tell(error)
        return len(text)

    def flush(self) -> None:
        """Flushes the stream, or tells elsewhere what has been written since the last time."""
        try:
            self._stream.flush()
        except OSError as error:
            self._tell(error)
        self._pending = ""

    def _tell(self, error: OSError) -> None:
        from nst_client.display.words import printable

        text, self._pending = self._pending.strip(), ""
        if text and error.errno != errno.EPIPE:  # who closes a pipe has read enough
            words = "\n".join(map(printable, text.splitlines()))
            self._elsewhere.write(f"Standard output: {error.strerror}. This was to be printed:\n{words}\n")
            self._elsewhere.flush()
