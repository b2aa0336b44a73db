"""`nst batch` from files to files: the runs, then the pictures and the page to look through them."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from nst_client.batch.contact_sheet import write_contact_sheet
from nst_client.batch.gallery import Entry, Failure, check_page_is_ours, write_gallery
from nst_client.batch.journal import Journal
from nst_client.batch.manifest import manifest_pairs
from nst_client.batch.pairs import SHEET, cross_pairs
from nst_client.batch.runner import Batch
from nst_client.calls.style_client import StyleClient
from nst_client.display.displays import DisplayKind, open_display
from nst_client.display.events import Note
from nst_client.errors import FileError, NstError
from nst_client.files.pictures import check_writable
from nst_client.files.written import make_folder
from nst_client.jobs.interrupt import interruptible
from nst_client.jobs.job import Job
from nst_client.jobs.result import batch_state_of
from nst_client.jobs.settings import Settings
from nst_client.jobs.state_file import discard_state

STOPPING = "Stopping after the calls in hand. Press Ctrl-C again to stop at once."


def batch_pairs(
    contents: Sequence[str], styles: Sequence[str], manifest: Path | None, output_dir: Path, settings: Settings
) -> list[Job]:
    """What is to be done, by a table or by everything with everything.

    Raises:
        NstError: all that is wrong with it.
    """
    if manifest is not None:
        return manifest_pairs(manifest, output_dir, settings)
    return cross_pairs(contents, styles, output_dir, settings)


class Outcome(NamedTuple):
    """What became of a batch."""

    report: dict[str, Any]  # for programs
    error: NstError | None = None  # what ended it early, or kept the overview or the page from being written


def run_batch(
    jobs: Sequence[Job],
    output_dir: Path,
    *,
    client: StyleClient,
    model: str,
    version: int | None,
    display_kind: DisplayKind,
    in_flight: int,
    deadline_seconds: float | None = None,
) -> Outcome:
    """Does what the journal does not hold as done, then writes the overview and the page.

    Args:
        jobs: all of the batch.
        output_dir: where the journal, the overview and the page go.
        client: of the servers.
        model: its name on the servers, or its folder.
        version: of the model; None is content with pictures that an earlier one made.
        display_kind: see `displays.display_kind`.
        in_flight: pictures at a time.
        deadline_seconds: of one call.

    Raises:
        NstError: the batch cannot begin. One that has begun always has an outcome; the next one goes on.
    """
    make_folder(output_dir)
    check_page_is_ours(output_dir)
    check_writable(output_dir / SHEET)
    with Journal(output_dir, model=model, version=version) as journal:
        waiting = [job for job in jobs if not journal.is_done(job)]
        for job in set(jobs) - set(waiting):
            discard_state(batch_state_of(job.output))  # left by a kill between the last two steps
        for folder in {job.output.parent for job in waiting}:
            with contextlib.suppress(FileError):  # its pictures will fail, each by its name, and no other
                make_folder(folder)
        before = len(jobs) - len(waiting)
        done, failures, error = _run(waiting, len(jobs), journal, client, display_kind, in_flight, deadline_seconds)
        sheet, page = None, None
        if error is None:
            sheet, page, error = _show(output_dir, jobs, journal, failures)
    report = {
        "pictures": len(jobs),
        "done": before + done,
        "done_before": before,
        "failed": [{"output": str(failure.job.output), "reason": failure.reason} for failure in failures],
        "contact_sheet": None if sheet is None else str(sheet),
        "page": None if page is None else str(page),
        "error": None if error is None else str(error),
    }
    return Outcome(report, error)


def _run(
    waiting: Sequence[Job],
    total: int,
    journal: Journal,
    client: StyleClient,
    display_kind: DisplayKind,
    in_flight: int,
    deadline_seconds: float | None,
) -> tuple[int, list[Failure], NstError | None]:
    """How many it did, what failed, and what ended it early."""
    if not waiting:
        return 0, [], None
    ended_by = None
    title = waiting[0].sources.title
    with (
        open_display(display_kind, title=title, total=total, done=total - len(waiting)) as display,
        interruptible(lambda: display.show(Note(STOPPING))) as interrupt,
        warnings_as_notes(lambda text: display.show(Note(text))),
    ):
        client.tell_of_servers(lambda text: display.show(Note(text)))
        silent = client.silent_servers()
        if len(silent) == client.servers:  # an address or the model's name is wrong
            raise silent[0]
        batch = Batch(client, journal, display, interrupt, deadline_seconds=deadline_seconds)
        try:
            batch.run(waiting, in_flight)
        except NstError as error:
            ended_by = error
    places = {job: place for place, job in enumerate(waiting)}
    return batch.done, sorted(batch.failures, key=lambda failure: places[failure.job]), ended_by


def _show(
    output_dir: Path, jobs: Sequence[Job], journal: Journal, failures: Sequence[Failure]
) -> tuple[Path | None, Path | None, NstError | None]:
    """The overview, if there is anything to show, and the page; and what keeps one of them from being written."""
    failed = {failure.job.output for failure in failures}
    done = [job for job in jobs if job.output not in failed]
    sheet, page, error = None, None, None
    with warnings_as_notes(lambda _: None):  # they were shown when the pictures were read for their runs
        try:
            page = write_gallery(output_dir, (Entry(job, journal.seconds(job)) for job in done), failures)
        except FileError as page_error:
            error = page_error
        try:
            if done:
                write_contact_sheet(output_dir / SHEET, done)
                sheet = output_dir / SHEET
        except FileError as sheet_error:
            error = error or sheet_error
    return sheet, page, error


@contextlib.contextmanager
def warnings_as_notes(note: Callable[[str], None]) -> Iterator[None]:
    """Notes every warning of the block once, from any thread: Python's own way to print would spoil a display."""
    noted: set[str] = set()

    def show(message: Warning | str, *_: object, **__: object) -> None:
        text = f"Warning: {message}"
        if text not in noted:
            noted.add(text)
            note(text)

    usual = warnings.showwarning
    warnings.showwarning = show
    try:
        yield
    finally:
        warnings.showwarning = usual
