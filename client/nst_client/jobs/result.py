"""The picture of a run from files to files: where it goes, and what is told with it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nst_client.errors import Diverged
from nst_client.files.pictures import Picture, write_picture
from nst_client.jobs.settings import Settings
from nst_client.jobs.state_file import SUFFIX
from nst_client.progress import Progress

BATCH_SUFFIX = f".batch{SUFFIX}"


def state_file_of(output: Path) -> Path:
    """Where a run is saved until its result is written there: `out.png.nst` beside `out.png`."""
    return output.with_name(output.name + SUFFIX)


def batch_state_of(output: Path) -> Path:
    """The same for a run of a batch, which nobody asked for by name: it never is a file that somebody wants to keep."""
    return output.with_name(output.name + BATCH_SUFFIX)


class Result:
    """Writes the picture of one run, or of one that ended early."""

    def __init__(self, file: Path, content: Picture, settings: Settings, names: Mapping[str, str]) -> None:
        """Takes its place, the content, whose alpha comes back, the run's settings, and what tells it from others."""
        self.file = file
        self.words: dict[str, Any] = {**names, **settings.as_json()}  # of the whole run, whatever is done of it
        self._content = content

    def write(self, progress: Progress) -> None:
        """Writes the picture that the run has come to.

        Raises:
            FileError: it cannot be written, and an older one is as it was.
        """
        write_picture(self.file, Picture(progress.image, self._content.alpha), self.parameters(progress))

    def keep_best(self, error: Diverged) -> Diverged:
        """Writes the best picture of a run that has diverged, if there is one, and adds that to the words.

        Raises:
            FileError: it cannot be written, and an older one is as it was.
        """
        if error.best is None:
            return error
        self.write(error.best)
        after = f"that after {error.best.iteration} iterations"
        words = f"{error} The best picture is kept, {after}: {self.file}."
        return Diverged(words, error.remedy, error.best, error.losses)

    def parameters(self, progress: Progress) -> dict[str, Any]:
        """What is stored with the picture."""
        height, width, _ = progress.image.shape
        done = {"version": progress.version, "iterations": progress.iteration, "size": [width, height]}
        return self.words | done
