"""What can go wrong with a training run, in words for the person who started it."""

from __future__ import annotations


class TrainingError(Exception):
    """The run cannot begin or go on."""

    def __init__(self, message: str, remedy: str) -> None:
        """Keeps what happened, and what to do about it, apart."""
        super().__init__(message)
        self.remedy = remedy
