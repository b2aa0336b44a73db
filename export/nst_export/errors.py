"""What can go wrong with an export, in words for the person who asked for it."""

from __future__ import annotations


class ExportError(Exception):
    """The export failed and left nothing behind."""

    def __init__(self, message: str, remedy: str) -> None:
        """Keeps what happened, and what to do about it, apart."""
        super().__init__(message)
        self.remedy = remedy


class WeightsError(ExportError):
    """The weights could not be had, or are not VGG19's."""


class VersionError(ExportError):
    """The version directory could not be written."""
