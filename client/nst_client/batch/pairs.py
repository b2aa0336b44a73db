"""Which content meets which style in a batch, and where each result goes: from files, folders and globs."""

from __future__ import annotations

import fnmatch
import glob
import hashlib
import json
import os
import warnings
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from nst_client.errors import NoPictures, SameFolder
from nst_client.files.formats import SUFFIXES
from nst_client.files.places import entries_of, folded
from nst_client.jobs.job import Job, Sources
from nst_client.jobs.result import BATCH_SUFFIX
from nst_client.jobs.settings import Settings

SHOWN_SKIPPED = 10  # names of files, as many as a person reads

SHEET = "contact_sheet.jpg"  # the overview of all results, in the output folder

# A result's name holds two stems, perhaps two folders, and a hash; file systems allow 255 bytes, also for the
# file beside it that keeps its run.
STEM_BYTES = 80
FOLDER_BYTES = 20
NAME_BYTES = 255 - len(BATCH_SUFFIX)


class Planned(NamedTuple):
    """A job whose output has no name yet."""

    sources: Sources
    settings: Settings
    words: str = ""  # the settings that differ from those of the whole batch, as part of a file name


def cross_pairs(
    contents: Sequence[str], styles: Sequence[str], output_dir: Path, settings: Settings, suffix: str = ".png"
) -> list[Job]:
    """Every content with every style, contents first. Warns of files that it skips for their suffixes.

    Args:
        contents: each a file; a folder, whose pictures are taken by their suffixes, without hidden files and
            sub-folders; or a glob, in which ** stands for any folders. The same file counts once.
        styles: likewise.
        output_dir: where the results go. None is named like a picture that is read.
        settings: of every run.
        suffix: of the results.

    Raises:
        NoPictures: an argument stands for no picture; all such arguments are named.
        SameFolder: a folder or glob would take the results for pictures in the next batch.
    """
    problems: list[str] = []
    skipped: list[Path] = []
    found = [
        _pictures(role, names, output_dir, suffix, problems, skipped)
        for role, names in (("content", contents), ("style", styles))
    ]
    if skipped:
        warnings.warn(_skipped_in_words(skipped), stacklevel=2)
    if problems:
        raise NoPictures(
            " ".join(dict.fromkeys(problems)),
            "Name picture files, folders with pictures, or globs such as 'photos/*.jpg'.",
        )
    inputs = entries_of(found[0] + found[1])
    if folded(output_dir.resolve() / SHEET) in inputs:
        raise SameFolder(
            f"{output_dir / SHEET} is read, and is where the overview of the results goes.",
            "Choose another output folder.",
        )
    planned = [Planned(Sources(content, (style,)), settings) for content in found[0] for style in found[1]]
    return named_jobs(planned, output_dir, inputs, suffix)


def named_jobs(planned: Sequence[Planned], output_dir: Path, taken: Collection[str], suffix: str) -> list[Job]:
    """Gives every output a name of its own, which depends on the other jobs and not on their order.

    Args:
        planned: no two of them the same.
        output_dir: where the results go.
        taken: paths that are no result's, as `folded` returns them.
        suffix: of the results, with its dot.
    """
    content_labels = _labels({one.sources.content for one in planned})
    style_labels = _labels({style for one in planned for style in one.sources.styles})
    choices = []
    for one in planned:
        base = "_".join([content_labels[one.sources.content], *(style_labels[style] for style in one.sources.styles)])
        with_settings = f"{base}_{one.words}" if one.words else base
        names = [f"{name}{suffix}" for name in (base, with_settings, f"{base}-{_digest(one)[:8]}", _digest(one))]
        choices.append([name for name in names if len(os.fsencode(name)) <= NAME_BYTES])
    folder = output_dir.resolve()
    names = _distinct(choices, {Path(path).name for path in taken if Path(path).parent == Path(folded(folder))})
    return [Job(one.sources, output_dir / name, one.settings) for one, name in zip(planned, names, strict=True)]


def _pictures(
    role: str,
    arguments: Sequence[str],
    output_dir: Path,
    suffix: str,
    problems: list[str],
    skipped: list[Path],
) -> list[Path]:
    if not arguments:
        problems.append(f"There is no {role}.")
    found: dict[Path, Path] = {}
    for argument in arguments:
        try:
            files = _matches(argument, output_dir, suffix, skipped)
        except OSError as error:
            problems.append(f"{argument} cannot be read: {error.strerror or error}.")
            continue
        if isinstance(files, str):
            problems.append(files)
            continue
        for file in files:
            found.setdefault(file.resolve(), file)
    return list(found.values())


def _matches(argument: str, output_dir: Path, suffix: str, skipped: list[Path]) -> list[Path] | str:
    """The pictures that an argument stands for, or why there is none."""
    path, results = Path(argument), output_dir.resolve()
    if path.is_file():
        return [path]
    if path.is_dir():
        if path.resolve() == results:
            raise _same_folder(argument)
        files = [file for file in path.iterdir() if not file.name.startswith(".")]
        nothing = f"There is no picture in the folder {argument}."
    elif glob.has_magic(argument):
        files = [Path(match) for match in glob.glob(argument, recursive=True)]  # noqa: PTH207  (it may be absolute)
        nothing = f"No picture matches {argument}."
        if path.parent.resolve() == results and fnmatch.fnmatch(f"content_style{suffix}", path.name):
            raise _same_folder(argument)
        # It may sweep up the results of an earlier batch.
        files = [
            file
            for file in files
            if file.parent.resolve() != results or not (file.suffix == suffix or file.name == SHEET)
        ]
    else:
        return f"There is no file {argument}."
    files = sorted(file for file in files if file.is_file())
    pictures = [file for file in files if file.suffix.lower() in SUFFIXES]
    skipped += [file for file in files if file.suffix.lower() not in SUFFIXES]
    return pictures or nothing


def _skipped_in_words(files: Sequence[Path]) -> str:
    names = list(dict.fromkeys(str(file) for file in files))
    more = len(names) - SHOWN_SKIPPED
    listed = ", ".join(names[:SHOWN_SKIPPED]) + (f" and {more} more" if more > 0 else "")
    if len(names) == 1:
        return f"1 file skipped, whose suffix is of no format that is read: {listed}."
    return f"{len(names)} files skipped, whose suffixes are of no format that is read: {listed}."


def _same_folder(argument: str) -> SameFolder:
    return SameFolder(
        f"{argument} is where the results go, too: the next batch would take them for pictures to read.",
        "Choose another output folder.",
    )


def _labels(files: Collection[Path]) -> dict[Path, str]:
    """What stands for each file in the names of its results: as short as keeps it apart from the others."""
    ordered = list(files)
    choices = []
    for file in ordered:
        path = file.resolve()
        stem = _cut(file.stem, STEM_BYTES)
        with_suffix = f"{stem}-{file.suffix[1:8]}"
        with_folder = f"{_cut(path.parent.name, FOLDER_BYTES)}-{with_suffix}"
        digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:8]
        choices.append([stem, with_suffix, with_folder, f"{with_folder}-{digest}"])
    return dict(zip(ordered, _distinct(choices), strict=True))


def _distinct(choices: Sequence[Sequence[str]], taken: Collection[str] = ()) -> list[str]:
    """The first of each one's choices with which no two are the same, nor one of those taken."""
    levels = [0] * len(choices)
    while True:
        names = [choice[level] for choice, level in zip(choices, levels, strict=True)]
        counts = Counter([*map(folded, names), *taken])
        clashes = [
            index
            for index, name in enumerate(names)
            if counts[folded(name)] > 1 and levels[index] < len(choices[index]) - 1
        ]
        if not clashes:
            return names
        for index in clashes:
            levels[index] += 1


def _digest(planned: Planned) -> str:
    paths = {role: os.fsencode(path.resolve()).hex() for role, path in planned.sources.by_role().items()}
    return hashlib.sha256(json.dumps([paths, planned.settings.as_json()]).encode()).hexdigest()


def _cut(name: str, limit: int) -> str:
    data = os.fsencode(name)
    return name if len(data) <= limit else data[:limit].decode(errors="ignore")
