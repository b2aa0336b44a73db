"""A run that ends before its end loses nothing, however seldom it was saved."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from nst_client.calls.chunk_size import ChunkSize
from nst_client.display.plain import QuietDisplay
from nst_client.errors import BadAnswer, FileError, NstError, Stopped
from nst_client.files.pictures import Picture
from nst_client.jobs.checkpoint import Checkpoint
from nst_client.jobs.observer import Observer
from nst_client.jobs.painting import paint
from nst_client.jobs.settings import Settings
from nst_client.jobs.state_file import read_state
from nst_client.progress import Progress

SETTINGS = Settings(9, 0)


class Threes(ChunkSize):
    def iterations(self, pixels: int, state_bytes: int = 0) -> int:
        return 3


class Person(Observer):
    """Looks on, and does something at an iteration."""

    def __init__(self, at: int = 0, action: Callable[[], None] = lambda: None) -> None:
        super().__init__("out.png", QuietDisplay(), lambda: self.stops)
        self.seen: list[int] = []
        self.notes: list[str] = []
        self.stops = False
        self._at, self._action = at, action

    def advanced(self, progress: Progress) -> None:
        self.seen.append(progress.iteration)
        if progress.iteration == self._at:
            self._action()

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture
def painted(client, content, style) -> Callable[..., Progress]:
    def run(checkpoint: Checkpoint, person: Observer) -> Progress:
        return paint(
            client, Picture(content), [Picture(style)], SETTINGS, checkpoint, observer=person, chunk_size=Threes()
        )

    return run


def seldom(file: Path) -> Checkpoint:
    """Saves its first progress and then, by itself, none: by its clock saving took a second, and nothing else does."""
    return Checkpoint(file, SETTINGS.as_json(), clock=itertools.count().__next__)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "out.nst"


def test_a_person_who_stops_it_finds_all_of_it_saved(painted, file):
    person = Person(6, lambda: setattr(person, "stops", True))
    with pytest.raises(Stopped):
        painted(seldom(file), person)
    assert person.seen == [3, 6]
    assert read_state(file).progress.iteration == 6


def test_a_person_who_stops_it_at_its_end_has_a_whole_run(painted, file):
    person = Person(9, lambda: setattr(person, "stops", True))
    assert painted(seldom(file), person).iteration == 9


@pytest.mark.parametrize("error", [KeyboardInterrupt(), BadAnswer("It is broken.", ""), MemoryError()], ids=repr)
def test_whatever_ends_it_all_of_it_is_saved(painted, file, error: BaseException):
    def end() -> None:
        raise error

    with pytest.raises(type(error)):
        painted(seldom(file), Person(6, end))
    assert read_state(file).progress.iteration == 6


def test_a_run_that_cannot_be_saved_goes_on_and_says_so_once(painted, tmp_path):
    person = Person()
    assert painted(Checkpoint(tmp_path / "nowhere" / "out.nst", SETTINGS.as_json()), person).iteration == 9
    (note,) = person.notes
    assert note.endswith("No such file or directory. The run goes on without being saved.")


def test_a_run_that_cannot_be_saved_at_its_end_ends_with_the_reason_for_which_it_ended(painted, tmp_path):
    class Full(Checkpoint):
        def save(self) -> None:
            raise FileError("The disk is full.", "")

    def end() -> None:
        raise NstError("This is why.", "")

    with pytest.raises(NstError, match=r"This is why\."):
        painted(Full(tmp_path / "out.nst", {}), Person(3, end))
