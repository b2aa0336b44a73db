"""`nst batch` from files to files: the runs, then the pictures and the page to look through them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nst_client import contact_sheet
from nst_client.batch import Batch
from nst_client.batch_display import open_batch_display
from nst_client.batch_manifest import manifest_pairs
from nst_client.batch_pairs import Pair, cross_pairs
from nst_client.display import DisplayKind
from nst_client.errors import PictureError
from nst_client.gallery import Entry, Failure, write_gallery
from nst_client.interrupt import interruptible
from nst_client.journal import Journal
from nst_client.result import state_file_of
from nst_client.settings import Settings
from nst_client.state_file import discard_state
from nst_client.style_client import StyleClient

STOPPING = "Stopping after the calls in hand. Press Ctrl-C again to stop at once."


def batch_pairs(
    contents: Sequence[str], styles: Sequence[str], manifest: Path | None, output_dir: Path, settings: Settings
) -> list[Pair]:
    """What is to be done, by a table or by everything with everything.

    Raises:
        NstError: all that is wrong with it.
    """
    if manifest is not None:
        return manifest_pairs(manifest, output_dir, settings)
    return cross_pairs(contents, styles, output_dir, settings)


def run_batch(
    pairs: Sequence[Pair],
    output_dir: Path,
    *,
    client: StyleClient,
    model: str,
    version: int | None,
    display_kind: DisplayKind,
    in_flight: int,
    deadline_seconds: float | None = None,
) -> dict[str, Any]:
    """Does what the journal does not hold as done, then writes the overview and the page.

    Args:
        pairs: all of the batch.
        output_dir: where the journal, the overview and the page go.
        client: of the servers.
        model: what tells this model from others.
        version: of the model; None is content with pictures that an earlier one made.
        display_kind: see `display.display_kind`.
        in_flight: pictures at a time.
        deadline_seconds: of one call.

    Returns:
        A report for programs.

    Raises:
        Stopped: somebody asked for it; the next batch goes on.
        NstError: the batch cannot go on; the journal holds what is done.
    """
    _make(output_dir)
    with Journal(output_dir, model=model, version=version) as journal:
        waiting = [pair for pair in pairs if not journal.is_done(pair)]
        for pair in set(pairs) - set(waiting):
            discard_state(state_file_of(pair.output))  # left by a kill between the last two steps
        for folder in sorted({pair.output.parent for pair in waiting}):
            _make(folder)
        failures = _run(waiting, len(pairs), journal, client, display_kind, in_flight, deadline_seconds)
        sheet, page = _show(output_dir, pairs, journal, failures)
    return {
        "pictures": len(pairs),
        "done": len(pairs) - len(failures),
        "done_before": len(pairs) - len(waiting),
        "failed": [{"output": str(failure.pair.output), "reason": failure.reason} for failure in failures],
        "contact_sheet": None if sheet is None else str(sheet),
        "page": str(page),
    }


def _run(
    waiting: Sequence[Pair],
    total: int,
    journal: Journal,
    client: StyleClient,
    display_kind: DisplayKind,
    in_flight: int,
    deadline_seconds: float | None,
) -> list[Failure]:
    if not waiting:
        return []
    with (
        open_batch_display(display_kind, total=total, done=total - len(waiting)) as display,
        interruptible(lambda: display.note(STOPPING)) as interrupt,
    ):
        client.tell_of_servers(display.note)
        silent = client.silent_servers()
        if len(silent) == client.servers:  # an address or the model's name is wrong
            raise silent[0]
        batch = Batch(client, journal, display, interrupt, deadline_seconds=deadline_seconds)
        batch.run(waiting, in_flight)
    places = {pair: place for place, pair in enumerate(waiting)}
    return sorted(batch.failures, key=lambda failure: places[failure.pair])


def _show(
    output_dir: Path, pairs: Sequence[Pair], journal: Journal, failures: Sequence[Failure]
) -> tuple[Path | None, Path]:
    """The overview, if there is anything to show, and the page."""
    failed = {failure.pair.output for failure in failures}
    done = [pair for pair in pairs if pair.output not in failed]
    sheet = output_dir / contact_sheet.NAME if done else None
    if sheet is not None:
        contact_sheet.write_contact_sheet(sheet, done)
    return sheet, write_gallery(output_dir, (Entry(pair, journal.seconds(pair)) for pair in done), failures)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"The folder {folder} cannot be made: {error.strerror or error}."
        raise PictureError(message, "Choose another one.") from error
