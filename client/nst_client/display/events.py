"""What happens to the runs of a command, one event after the other, whoever shows it.

A command with one picture shows the events of a batch of one.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from nst_client.progress import Progress


class Started(NamedTuple):
    """A run begins; a second time where the saved run that it was to go on from does not fit."""

    name: str  # of the run, which no other run of the command has
    iteration: int  # updates of the picture that a saved run has made before
    iterations: int  # wanted in the whole run


class Advanced(NamedTuple):
    """A call to the server has come back."""

    name: str
    progress: Progress


class Note(NamedTuple):
    """A sentence for a person."""

    text: str
    name: str | None = None  # of the run that it is about, if it is about one


class Finished(NamedTuple):
    """A run is done and its picture is written."""

    name: str
    seconds: float  # that the run took, without reading and writing files


class Failed(NamedTuple):
    """There will be no picture; the run need not have been started."""

    name: str
    reason: str


Event = Started | Advanced | Note | Finished | Failed


class Display(Protocol):
    """Shows the events of a command."""

    def show(self, event: Event) -> None:
        """Shows an event; called from any thread, and by a signal's handler in the middle of another event."""
