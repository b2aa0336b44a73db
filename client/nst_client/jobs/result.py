"""The picture that a job writes, with the parameters that made it, and where its run is saved until then."""

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
    """Where a run of a batch is saved: never in a file that `nst stylize` was asked to keep."""
    return output.with_name(output.name + BATCH_SUFFIX)


class Result:
    """Writes the picture of one run, or of one that ended early."""

    def __init__(self, file: Path, content: Picture, settings: Settings, names: Mapping[str, str]) -> None:
        """Writes nothing yet.

        Args:
            file: its place.
            content: whose alpha comes back.
            settings: of the run.
            names: of the pictures and the model.
        """
        self.file = file
        self.words: dict[str, Any] = {
            **names,
            **settings.as_json(),
        }  # the same however far the run is
        self._content = content

    def write(self, progress: Progress) -> None:
        """Writes the picture that the run has come to.

        Raises:
            FileError: it cannot be written, and an older one is as it was.
        """
        write_picture(self.file, Picture(progress.image, self._content.alpha), self.parameters(progress))

    def keep_best(self, error: Diverged) -> Diverged:
        """Writes the best picture of a run that has diverged, if there is one, and says so in the error.

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
