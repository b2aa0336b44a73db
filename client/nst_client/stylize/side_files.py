"""What a run leaves beside its picture: a preview, numbered pictures, an animation, a strip and curves."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nst_client.errors import NstError
from nst_client.files.history import History, check_animation_writable, write_gif, write_strip_of
from nst_client.files.losses import check_losses_writable, write_losses
from nst_client.files.pictures import Picture, check_writable, write_picture
from nst_client.files.plots import write_loss_plot
from nst_client.progress import Progress


class SideFiles(NamedTuple):
    """Where they go; None for what is not wanted."""

    preview: Path | None = None  # the picture so far, rewritten whole after every call
    save_every: int | None = None  # iterations between numbered pictures beside the result
    gif: Path | None = None
    strip: Path | None = None
    loss_plot: Path | None = None
    losses: Path | None = None

    def named(self) -> list[Path]:
        """Those that have names of their own."""
        files = (self.preview, self.gif, self.strip, self.loss_plot, self.losses)
        return [file for file in files if file is not None]


def numbered(output: Path, iteration: int) -> Path:
    """Where the picture after so many iterations goes: `out-0025.png` beside `out.png`."""
    return output.with_name(f"{output.stem}-{iteration:04}{output.suffix}")


def is_numbered(file: Path, output: Path) -> bool:
    """Whether `numbered` may give that file, or the one that it is a link to."""
    pattern = re.compile(f"{re.escape(output.stem)}-[0-9]{{4,}}{re.escape(output.suffix)}")
    places = (file.parent.resolve() / file.name, file.resolve())
    return any(pattern.fullmatch(place.name) and place.parent == output.parent.resolve() for place in places)


def check_side_files(files: SideFiles) -> None:
    """Refuses, before anything is computed, what could not be written.

    Raises:
        FileError: for the first such file.
    """
    for file in (files.preview, files.strip, files.loss_plot):
        if file is not None:
            check_writable(file)
    if files.gif is not None:
        check_animation_writable(files.gif)
    if files.losses is not None:
        check_losses_writable(files.losses)


class SideWriter:
    """Writes them as a run goes on. A run is worth more than these: what cannot be written is noted once."""

    def __init__(self, files: SideFiles, output: Path, content: Picture, note: Callable[[str], None]) -> None:
        """Takes where they go, the result's file, whose name the numbered pictures take, and where notes go."""
        self._files = files
        self._output = output
        self._content = content
        self._note = note
        self._history = History()
        self._history.add(0, content.pixels)
        self._noted: set[Path | str] = set()

    def see(self, progress: Progress) -> None:
        """After each call of the run."""
        picture = Picture(progress.image, self._content.alpha)
        self._history.add(progress.iteration, progress.image)
        preview, every = self._files.preview, self._files.save_every
        if preview is not None:
            self._try("preview", lambda: write_picture(preview, picture))
        if every is not None and progress.iteration % every == 0:
            self._try("numbered picture", lambda: write_picture(numbered(self._output, progress.iteration), picture))

    def finish(self, losses: np.ndarray) -> None:
        """After the last call, with the losses of the whole run, float32[iterations, 4].

        Raises:
            NstError: of the first file that cannot be written, after all the others are.
        """
        failures = self._write_last(losses)
        if failures:
            raise failures[0]

    def finish_early(self, losses: np.ndarray) -> None:
        """After a run that ended early, with its losses so far; what cannot be written is noted."""
        for error in self._write_last(losses):
            self._note(str(error))

    def _write_last(self, losses: np.ndarray) -> list[NstError]:
        return [error for error in map(_failure, self._last_writes(losses)) if error is not None]

    def _last_writes(self, losses: np.ndarray) -> Sequence[Callable[[], None]]:
        gif, strip, plot, table = self._files.gif, self._files.strip, self._files.loss_plot, self._files.losses
        frames = self._history.frames
        writes: list[Callable[[], None]] = []
        if gif is not None:
            writes.append(lambda: write_gif(gif, frames))
        if strip is not None:
            writes.append(lambda: write_strip_of(strip, self._content.pixels, frames[1:] or frames))
        if plot is not None:
            writes.append(lambda: write_loss_plot(plot, losses))
        if table is not None:
            writes.append(lambda: write_losses(table, losses))
        return writes

    def _try(self, what: str, write: Callable[[], None]) -> None:
        error = _failure(write)
        if error is not None and what not in self._noted:
            self._noted.add(what)
            self._note(f"{error} The run goes on without its {what}.")


def _failure(write: Callable[[], None]) -> NstError | None:
    try:
        write()
    except NstError as error:
        return error
    return None
