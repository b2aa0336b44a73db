"""Which files `nst stylize` reads and writes, and whether they get in each other's way."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from nst_client.errors import FileError, StateFileError
from nst_client.files.pictures import check_writable
from nst_client.files.places import entries_of, folded
from nst_client.jobs.job import ROLE, Sources
from nst_client.jobs.state_file import check_state_writable
from nst_client.stylize.side_files import SideFiles, check_side_files, is_numbered


class Files(NamedTuple):
    """The files of one run."""

    sources: Sources
    output: Path
    state: Path  # where the run is saved until it ends
    keep_state: bool = False  # after the end too, so that it can go on further
    resume: Path | None = None  # where it was saved before
    side: SideFiles = SideFiles()


def check_files(files: Files) -> None:
    """Refuses, before anything is computed, what could not be written, or what would be lost.

    Raises:
        NstError: for the first such file.
    """
    check_writable(files.output)
    check_side_files(files.side)
    check_state_writable(files.state)
    if files.state.exists() and not (files.resume is not None and files.state.samefile(files.resume)):
        raise StateFileError(
            f"{files.state} holds another run.",
            f"Go on with --resume {files.state}, or delete it, or name another one with --state.",
        )
    _check_distinct(files)


def check_resumed(file: Path, saved: Mapping[str, Any], sources: Sources) -> None:
    """Refuses to go on with a run that has more files than it began with, or fewer; the model compares what they hold.

    Args:
        file: where the run was saved.
        saved: its settings, with its files' names by their roles.
        sources: that the command names.

    Raises:
        StateFileError: the text names the roles in which they differ.
    """
    began = {role: name for role, name in saved.items() if ROLE.fullmatch(role) and role not in ALWAYS}
    given = {role: source.name for role, source in sources.by_role().items() if role not in ALWAYS}
    missing = [f"{role} {name}" for role, name in began.items() if role not in given]
    added = [f"{role} {name}" for role, name in given.items() if role not in began]
    if missing or added:
        words = " and ".join(
            f"{how} {', '.join(which)}" for how, which in (("with", missing), ("without", added)) if which
        )
        raise StateFileError(f"{file}: the run began {words}.", "Pass the files that it began with, or begin it anew.")


ALWAYS = ("content", "style")  # every run has them


def _check_distinct(files: Files) -> None:
    """A written file must not take the place of one that is read, nor of another one that is written."""
    read = entries_of(files.sources.files)
    written: set[str] = set()
    for file in (files.output, files.state, *files.side.named()):
        place = folded(file.parent.resolve() / file.name)
        if place in read:
            raise FileError(f"{file} is read: it cannot be written too.", "Name another file.")
        if place in written:
            raise FileError(f"{file} would be written twice.", "Name another file.")
        written.add(place)
    for file in (*files.sources.files, *files.side.named()):
        if files.side.save_every is not None and is_numbered(file, files.output):
            raise FileError(f"{file} has the name of a numbered picture.", "Leave out --save-every, or rename it.")
