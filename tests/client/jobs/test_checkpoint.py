"""What has been done of a run is kept, and saved as often as that is cheap."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from nst_client.errors import FileError
from nst_client.jobs.checkpoint import SAVING_SHARE, Checkpoint
from nst_client.jobs.state_file import SavedRun, read_state, write_state
from nst_client.progress import Progress

SETTINGS = {"iterations": 9, "size": 0}


def progress(iteration: int, updates: int = 1) -> Progress:
    losses = np.arange(iteration - updates, iteration, dtype=np.float32)[:, None].repeat(4, axis=1)
    return Progress(iteration, 9, np.full((2, 2, 3), iteration, np.uint8), losses, 1.0, 1, (b"%d" % iteration,))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "out.nst"


def test_the_first_progress_is_saved_at_once(file):
    checkpoint = Checkpoint(file, SETTINGS)
    assert not file.exists()
    checkpoint.take(progress(1))
    assert read_state(file).progress.state == (b"1",)
    assert dict(read_state(file).settings) == SETTINGS
    assert not checkpoint.has_news


def test_the_losses_are_those_of_the_whole_run(file):
    checkpoint = Checkpoint(file, SETTINGS)
    for made in (progress(1), progress(4, 3), progress(6, 2)):
        checkpoint.take(made)
    assert checkpoint.losses[:, 0].tolist() == [0, 1, 2, 3, 4, 5]
    checkpoint.save()
    assert np.array_equal(read_state(file).progress.losses, checkpoint.losses)


def test_a_resumed_run_has_its_old_losses_too_and_does_not_touch_the_file_before_there_is_news(file):
    earlier = progress(3, 3)
    checkpoint = Checkpoint(file, SETTINGS, SavedRun(earlier, {"iterations": 5}))
    assert (checkpoint.progress, checkpoint.has_news) == (earlier, False)
    assert not file.exists()
    checkpoint.take(progress(5, 2))
    assert read_state(file).progress.losses[:, 0].tolist() == [0, 1, 2, 3, 4]
    assert dict(read_state(file).settings) == SETTINGS


def test_saving_takes_a_small_part_of_the_time(file):
    """Every look at the clock takes half a second, and so does saving: the next one comes twenty times that later."""
    looks = itertools.count(start=100.0, step=0.5)
    saves: list[int] = []

    def write(place: Path, run: SavedRun) -> None:
        saves.append(run.progress.iteration)
        write_state(place, run)

    checkpoint = Checkpoint(file, SETTINGS, clock=lambda: next(looks), write=write)
    for iteration in range(1, 60):
        checkpoint.take(progress(iteration))
    assert saves == [1, 21, 41]
    assert SAVING_SHARE == 0.05


def test_saving_nothing_writes_nothing(file):
    Checkpoint(file, SETTINGS).save()
    assert not file.exists()


def test_what_cannot_be_saved_is_kept_and_saved_later(tmp_path):
    file = tmp_path / "new" / "out.nst"
    checkpoint = Checkpoint(file, SETTINGS)
    with pytest.raises(FileError, match=r"out\.nst cannot be written: No such file or directory\.$"):
        checkpoint.take(progress(1))
    assert (checkpoint.failed, checkpoint.has_news, checkpoint.progress.iteration) == (True, True, 1)
    file.parent.mkdir()
    checkpoint.save()
    assert (checkpoint.failed, checkpoint.has_news) == (False, False)
    assert read_state(file).progress.iteration == 1


def test_what_its_own_place_cannot_take_is_saved_among_temporary_files(tmp_path):
    checkpoint = Checkpoint(tmp_path / "gone" / "out.nst", SETTINGS, temporary_folder=lambda: str(tmp_path))
    assert checkpoint.save_somewhere() is None
    with pytest.raises(FileError):
        checkpoint.take(progress(1))
    saved = checkpoint.save_somewhere()
    assert (saved.parent, saved.name[8:]) == (tmp_path, "-out.nst")
    assert read_state(saved).progress.iteration == 1
    assert checkpoint.save_somewhere() == saved
    assert len(list(tmp_path.iterdir())) == 1


def test_an_older_file_gives_way_to_one_among_temporary_files_and_to_nothing_else(file, tmp_path):
    temporary, full = tmp_path / "temporary", set()

    def write(place: Path, run: SavedRun) -> None:
        if place in full:
            raise FileError(f"{place} cannot be written: No space left on device.", "")
        write_state(place, run)

    checkpoint = Checkpoint(file, SETTINGS, temporary_folder=lambda: str(temporary), write=write)
    checkpoint.take(progress(1))
    assert checkpoint.save_somewhere() == file
    full.add(file)
    checkpoint.take(progress(2))
    assert checkpoint.save_somewhere() == file  # there is no such folder
    assert read_state(file).progress.iteration == 1
    temporary.mkdir()
    assert read_state(checkpoint.save_somewhere()).progress.iteration == 2
    assert not file.exists()


def test_what_another_run_has_saved_meanwhile_is_neither_overwritten_nor_deleted(file, tmp_path):
    first, second = (Checkpoint(file, SETTINGS, temporary_folder=lambda: str(tmp_path)) for _ in range(2))
    first.take(progress(1))
    with pytest.raises(FileError, match=r"out\.nst has been written by another run meanwhile\.$"):
        second.take(progress(2, 2))
    second.discard()
    assert read_state(file).progress.iteration == 1
    assert read_state(second.save_somewhere()).progress.iteration == 2
    assert read_state(first.save_somewhere()).progress.iteration == 1
    first.discard()
    assert not file.exists()


def test_a_file_that_somebody_deleted_is_written_anew(file):
    checkpoint = Checkpoint(file, SETTINGS)
    checkpoint.take(progress(1))
    file.unlink()
    assert checkpoint.save_somewhere() is None
    checkpoint.take(progress(2))
    checkpoint.save()
    assert read_state(file).progress.iteration == 2


def test_a_run_that_has_ended_leaves_no_file_or_says_why(file, tmp_path):
    checkpoint = Checkpoint(file, SETTINGS)
    checkpoint.discard()
    checkpoint.take(progress(1))
    checkpoint.discard()
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "folder.nst").mkdir()
    with pytest.raises(FileError, match="cannot be deleted"):
        Checkpoint(tmp_path / "folder.nst", SETTINGS).discard()
