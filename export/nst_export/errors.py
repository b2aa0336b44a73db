"""What can go wrong with an export or a SavedModel on disk, in words for the person who asked."""

from __future__ import annotations


class ExportError(Exception):
    """The root of these errors. An export that failed has left nothing behind."""

    def __init__(self, message: str, remedy: str) -> None:
        """Keeps what happened, and what to do about it, apart."""
        super().__init__(message)
        self.remedy = remedy


class CardError(ExportError):
    """A model card is missing or damaged."""


class WeightsError(ExportError):
    """The weights could not be had, or are not VGG19's."""


class VersionError(ExportError):
    """The version folder cannot be written."""


class SavedModelError(ExportError):
    """A folder holds no SavedModel, or one that is damaged."""


class ConfigError(ExportError):
    """A models.config cannot be read, written, or has not what is asked for."""


class InputError(ExportError):
    """A signature is called with a value that does not fit, or by a name that it does not have."""


class BenchError(ExportError):
    """The benchmark is asked for a row that there is not, or that cannot run here."""
