"""Who looks on while `nst stylize` runs: the display, the files beside the picture, and Ctrl-C."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from nst_client.display.displays import DisplayKind, open_display
from nst_client.display.events import Display, Note
from nst_client.jobs.interrupt import Interrupt, interruptible
from nst_client.jobs.observer import Observer
from nst_client.progress import Progress
from nst_client.stylize.side_files import SideWriter

STOPPING = "Stopping after the call in hand. Press Ctrl-C again to stop at once."


class Watcher(Observer):
    """Shows the run and writes the files beside it; Ctrl-C stops it."""

    def __init__(self, name: str, display: Display, interrupt: Interrupt, side: SideWriter) -> None:
        """Takes the run's name, where to show it, what stops it, and what writes the files."""
        super().__init__(name, display, lambda: interrupt.requested)
        self._side = side

    def advanced(self, progress: Progress) -> None:
        """Shows the progress, then writes files."""
        super().advanced(progress)
        self._side.see(progress)


@contextmanager
def watching(kind: DisplayKind, title: str) -> Iterator[tuple[Display, Interrupt]]:
    """A display that hears Ctrl-C, for the length of the block."""
    with (
        open_display(kind, title=title) as display,
        interruptible(lambda: display.show(Note(STOPPING))) as interrupt,
    ):
        yield display, interrupt
