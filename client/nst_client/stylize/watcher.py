"""What observes `nst stylize`: the display, the files beside the picture, and Ctrl-C."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from nst_client.display.displays import DisplayKind, open_display
from nst_client.display.events import Display, Note
from nst_client.files.pictures import Picture
from nst_client.jobs.interrupt import Interrupt, interruptible
from nst_client.jobs.observer import Observer
from nst_client.progress import Progress
from nst_client.stylize.files import Files
from nst_client.stylize.side_files import SideWriter

STOPPING = "Stopping after the call in hand. Press Ctrl-C again to stop at once."


class Watcher(Observer):
    """Shows the run and writes the files beside its picture; Ctrl-C stops it."""

    def __init__(self, files: Files, content: Picture, display: Display, interrupt: Interrupt) -> None:
        """Takes where to write, the content, with which an animation begins, where to show, and what stops the run."""
        super().__init__(str(files.output), display, lambda: interrupt.requested)
        self._side = SideWriter(files.side, files.output, content, self.note)

    def advanced(self, progress: Progress) -> None:
        """Shows the progress, then writes files."""
        super().advanced(progress)
        self._side.see(progress)

    def written(self, progress: Progress, losses: np.ndarray, seconds: float) -> None:
        """Writes the files that come last."""
        del progress, seconds
        self._side.finish(losses)

    def ended_early(self, losses: np.ndarray) -> None:
        """Writes the files that come last, as far as the run has come."""
        self._side.finish_early(losses)


@contextmanager
def watching(kind: DisplayKind, title: str) -> Iterator[tuple[Display, Interrupt]]:
    """Shows a run and catches Ctrl-C, for the length of the block."""
    with (
        open_display(kind, title=title) as display,
        interruptible(lambda: display.show(Note(STOPPING))) as interrupt,
    ):
        yield display, interrupt
