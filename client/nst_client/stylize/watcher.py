"""Who looks on while `nst stylize` runs: the display, the files beside the picture, and Ctrl-C."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from nst_client.display.single import Display, DisplayKind, open_display
from nst_client.jobs.interrupt import Interrupt, interruptible
from nst_client.jobs.painting import Onlooker
from nst_client.progress import Progress
from nst_client.stylize.side_files import SideWriter

STOPPING = "Stopping after the call in hand. Press Ctrl-C again to stop at once."


class Watcher(Onlooker):
    """Passes on what it sees, and whether somebody pressed Ctrl-C."""

    def __init__(self, display: Display, interrupt: Interrupt, side: SideWriter) -> None:
        """Takes whom to tell and whom to listen to."""
        self._display = display
        self._interrupt = interrupt
        self._side = side

    def see(self, progress: Progress) -> None:
        """Shows the progress, then writes files."""
        self._display.show(progress)
        self._side.see(progress)

    def note(self, text: str) -> None:
        """Shows a line."""
        self._display.note(text)

    @property
    def wants_to_stop(self) -> bool:
        """After Ctrl-C, or the signal that ends processes."""
        return self._interrupt.requested


@contextmanager
def watching(kind: DisplayKind, title: str, *, done: int, iterations: int) -> Iterator[tuple[Display, Interrupt]]:
    """A display and an ear for Ctrl-C, for the length of the block."""
    with (
        open_display(kind, title=title, done=done, iterations=iterations) as display,
        interruptible(lambda: display.note(STOPPING)) as interrupt,
    ):
        yield display, interrupt
