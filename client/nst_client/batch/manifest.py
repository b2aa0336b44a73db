"""The pairs of a batch from a table: comma-separated values, one run a line.

The first line names the columns: `content` and `style`; further styles `style_2`, ...; masks `mask`, ...,
`style_mask`, ... and `strength`; and, for what is to differ from the command's options, `output`, `iterations`, `size`
and the rows of `contract.Options`. Pictures are relative to the table's folder, outputs to the output folder. Text is
UTF-8. Spreadsheets of many countries separate by semicolons and write a decimal comma: both are read, in tables whose
first line has semicolons.
"""

from __future__ import annotations

import csv
import io
import itertools
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from nst_client.batch.columns import COLUMNS, OPTION_COLUMNS, REQUIRED, SERIES, WHOLE, columns_in_words
from nst_client.batch.pairs import NAME_BYTES, SHEET, Planned, named_jobs
from nst_client.calls.guidance import check_blend
from nst_client.contract import INIT_WORDS, OPTIONS
from nst_client.errors import ManifestError, RequestRefused
from nst_client.files.pictures import WRITABLE
from nst_client.files.places import entries_of, folded
from nst_client.jobs.job import Job, Sources
from nst_client.jobs.regions import check_mask_counts
from nst_client.jobs.settings import Settings

MAX_WHOLE = 2**31 - 1  # int32, as the model takes it
SHOWN_PROBLEMS = 20  # as many as a terminal shows without scrolling


class _Row(NamedTuple):
    line: int
    planned: Planned
    output: Path | None  # None where the table leaves the name open


def manifest_pairs(file: Path, output_dir: Path, settings: Settings, suffix: str = ".png") -> list[Job]:
    """The pairs of a table, in its order.

    Args:
        file: the table; see above.
        output_dir: where the results go; an `output` may name a folder below it.
        settings: for what the table leaves open.
        suffix: of the results for which the table names no output.

    Raises:
        ManifestError: the table cannot be read, or has mistakes: it names every one with its line.
    """
    table = _Table(file, output_dir, settings)
    rows = table.rows()
    inputs = entries_of({picture for row in rows for picture in row.planned.sources.files})
    table.check_doubles(rows, inputs)
    table.raise_problems()
    taken = inputs | entries_of(row.output for row in rows if row.output is not None)
    named = iter(named_jobs([row.planned for row in rows if row.output is None], output_dir, taken, suffix))
    return [
        next(named) if row.output is None else Job(row.planned.sources, row.output, row.planned.settings)
        for row in rows
    ]


class _Table:
    """A table as it is read, and all that is wrong with it so far."""

    def __init__(self, file: Path, output_dir: Path, settings: Settings) -> None:
        self._file = file
        self._output_dir = output_dir
        self._settings = settings
        self._problems: list[tuple[int, str]] = []  # each with its line
        self._delimiter = ","

    def rows(self) -> list[_Row]:
        """The rows without mistakes."""
        text = _text(self._file)
        header = next((line for line in text.splitlines() if line.strip()), "")
        self._delimiter = ";" if header.count(";") > header.count(",") else ","
        records = self._records(text)
        first, names = next(records, (1, []))
        if not names:
            self._problems.append((first, "it is empty"))
            return []
        names = [name.lower() for name in names]
        self._check_header(first, names)
        rows, lines = [], 0
        for line, cells in records:
            lines += 1
            row = self._row(line, self._cells(line, names, cells))
            if row is not None:
                rows.append(row)
        if not lines and not self._problems:
            self._problems.append((first, "there is no pair in it"))
        return rows

    def check_doubles(self, rows: list[_Row], inputs: set[str]) -> None:
        """Finds what stands in the table twice, and what would overwrite a picture."""
        pairs: dict[object, int] = {}
        outputs: dict[str, int] = {}
        sheet = _place(self._output_dir / SHEET)
        for row in rows:
            if sheet in entries_of(row.planned.sources.files):
                self._say(row.line, "content, style", f"{SHEET!r} is where the overview of all results goes")
            sources = row.planned.sources
            key = (*((role, file.resolve()) for role, file in sources.by_role().items()), row.planned.settings)
            before = pairs.setdefault(key, row.line)
            if before != row.line:
                names = " and ".join(repr(file.name) for file in sources.files)
                self._say(row.line, "content, style", f"{names} stand in line {before} already, with the same settings")
            if row.output is None:
                continue
            place = _place(row.output)
            before = outputs.setdefault(place, row.line)
            if before != row.line:
                self._say(row.line, "output", f"{row.output.name!r} is the output of line {before} already")
            if place in inputs:
                self._say(row.line, "output", f"{row.output.name!r} would overwrite a picture that the table reads")

    def raise_problems(self) -> None:
        """Raises all that is wrong as one error."""
        if not self._problems:
            return
        problems = [words for _, words in sorted(self._problems, key=lambda problem: problem[0])]
        shown, more = problems[:SHOWN_PROBLEMS], len(problems) - SHOWN_PROBLEMS
        words = [f"- {problem}." for problem in shown] + ([f"- and {more} more."] if more > 0 else [])
        text = f"{self._file}: {shown[0]}." if len(problems) == 1 else f"{self._file}:\n" + "\n".join(words)
        columns = f"Its columns: {columns_in_words()}; {' and '.join(REQUIRED)} must be there."
        raise ManifestError(text, f"Correct the table. {columns}")

    def _say(self, line: int, column: str, words: str) -> None:
        """What is wrong in a line, and in which column, if it is one's."""
        place = f"line {line}, {column}" if column else f"line {line}"
        self._problems.append((line, f"{place}: {words}"))

    def _records(self, text: str) -> Iterator[tuple[int, list[str]]]:
        """The records that are not blank, each with the line on which it begins."""
        reader = csv.reader(
            io.StringIO(text, newline=""), delimiter=self._delimiter, strict=True, skipinitialspace=True
        )
        while True:
            line = reader.line_num + 1
            try:
                cells = [cell.strip() for cell in next(reader)]
            except StopIteration:
                return
            except csv.Error as error:  # a quote that is not closed, or closed too early; what follows is guesswork
                self._say(line, "", f"it cannot be split into cells ({error})")
                return
            if any(cells):
                yield line, cells

    def _check_header(self, line: int, names: list[str]) -> None:
        for name in REQUIRED:
            if name not in names:
                self._say(line, "", f"the column {name} is missing")
        for name in dict.fromkeys(names):
            if name and name not in COLUMNS:
                self._say(line, "", f"the column {name!r} is unknown")
            elif name and names.count(name) > 1:
                self._say(line, "", f"the column {name} is there twice")

    def _cells(self, line: int, names: list[str], cells: list[str]) -> dict[str, str]:
        """The cells by column; spreadsheets leave empty ones behind the last."""
        for index, cell in enumerate(cells):
            if cell and (index >= len(names) or not names[index]):
                self._say(line, "", f"{cell!r} stands in a column without a name")
        named = {name: cell for name, cell in zip(names, cells, strict=False) if name in COLUMNS}
        return {name: "" for name in names if name in COLUMNS} | named

    def _row(self, line: int, cells: Mapping[str, str]) -> _Row | None:
        """A row, unless something is wrong with it."""
        before = len(self._problems)
        sources = self._sources(line, cells)
        wholes = {name: self._whole(line, name, cells[name]) for name in WHOLE if cells.get(name)}
        given = [name for name in OPTION_COLUMNS if cells.get(name) and (name != "init" or cells[name] in INIT_WORDS)]
        options = {name: self._option(line, name, cells[name]) for name in given}
        output = self._output(line, cells["output"]) if cells.get("output") else None
        if len(self._problems) > before or sources is None:
            return None
        rest = self._settings
        if sources.init is not None:  # in the place of the word that the command has
            kept: Any = {name: value for name, value in rest.options.items() if name != "init"}
            rest = rest._replace(options=kept)
        settings = Settings(wholes.get("iterations", rest.iterations), wholes.get("size", rest.size), rest.options)
        settings = settings.with_options(options)
        self._check_together(line, sources, settings)
        shown = {
            **wholes,
            **({} if sources.init is None else {"init": sources.init.stem}),
            **{role: file.stem for role, file in sources.masks_by_role.items()},
            **{name: OPTIONS[name].shown(value) for name, value in options.items()},
        }
        words = "_".join(f"{name}-{value}" for name, value in shown.items())
        return _Row(line, Planned(sources, settings, words), output)

    def _sources(self, line: int, cells: Mapping[str, str]) -> Sources | None:
        """All files that a row names; None where one of the two is missing without which there is no run."""
        content, strength = (self._picture(line, name, cells) for name in ("content", "strength"))
        styles, masks, style_masks = (self._series(line, names, cells) for names in SERIES.values())
        init = None if cells.get("init") in INIT_WORDS else self._picture(line, "init", cells)
        return None if content is None or not styles else Sources(content, styles, masks, style_masks, strength, init)

    def _series(self, line: int, names: Sequence[str], cells: Mapping[str, str]) -> tuple[Path, ...]:
        """The files of columns such as style, style_2, ..."""
        for before, name in itertools.pairwise(names):
            if cells.get(name) and not cells.get(before):
                self._say(line, name, f"{before} is empty")
        files = (self._picture(line, name, cells) for name in names)
        return tuple(file for file in files if file is not None)

    def _check_together(self, line: int, sources: Sources, settings: Settings) -> None:
        """Finds what does not fit together in a row, without looking into its files."""
        styles, blend = len(sources.styles), settings.options.get("blend")
        try:
            check_mask_counts(len(sources.masks), len(sources.style_masks), styles)
            if blend is not None:
                check_blend(np.asarray(blend, np.float32), styles, {})
        except RequestRefused as error:
            column, _, rule = str(error).partition(": ")
            self._say(line, column, rule.rstrip("."))

    def _picture(self, line: int, column: str, cells: Mapping[str, str]) -> Path | None:
        """The file that a cell names; None where it names none."""
        cell = cells.get(column)
        if not cell:
            if cell is not None and column in REQUIRED:  # of a column that is not there the header's line tells
                self._say(line, column, "is empty")
            return None
        path = self._file.parent / cell
        if not os.path.isfile(path):  # noqa: PTH113  (Path's own raises for a name that is too long)
            self._say(line, column, f"there is no file {cell!r}")
        return path

    def _whole(self, line: int, column: str, cell: str) -> int:
        least = WHOLE[column]
        number = int(cell) if re.fullmatch("[0-9]{1,10}", cell) else -1
        if not least <= number <= MAX_WHOLE:
            self._say(line, column, f"must be a whole number from {least} to {MAX_WHOLE}, got {cell!r}")
        return number

    def _option(self, line: int, column: str, cell: str) -> Any:
        try:
            return OPTIONS[column].parsed(cell, decimal_comma=self._delimiter == ";")
        except ValueError as error:
            self._say(line, column, str(error))
            return None

    def _output(self, line: int, cell: str) -> Path:
        path = Path(os.path.normpath(self._output_dir / cell))
        if path.suffix.lower() not in WRITABLE:
            self._say(line, "output", f"{cell!r} has none of the suffixes {', '.join(WRITABLE)}")
        elif not path.parent.resolve().is_relative_to(self._output_dir.resolve()):
            self._say(line, "output", f"{cell!r} leads out of the output folder")
        elif _place(path) == _place(self._output_dir / SHEET):
            self._say(line, "output", f"{cell!r} is where the overview of all results goes")
        elif len(os.fsencode(path.name)) > NAME_BYTES:
            self._say(line, "output", f"{cell!r} has a name of more than {NAME_BYTES} bytes")
        return path


def _place(output: Path) -> str:
    """One text for all names of a file, which need not exist yet."""
    return folded(output.parent.resolve() / output.name)


def _text(file: Path) -> str:
    remedy = "Save it as comma-separated values (CSV) in UTF-8."
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise ManifestError(f"There is no file {file}.", "Check the path.") from error
    except OSError as error:
        raise ManifestError(f"{file} cannot be read: {error.strerror or error}.", "Check the path.") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ManifestError(f"{file} is not text in UTF-8: line {line}.", remedy) from error
    if "\0" in text:
        raise ManifestError(f"{file} is not text in UTF-8: it holds null characters.", remedy)
    return text
