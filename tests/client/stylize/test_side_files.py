"""What a run leaves beside its picture never costs the run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nst_client.errors import FileError
from nst_client.files.pictures import Picture, read_picture
from nst_client.progress import Progress
from nst_client.stylize.side_files import SideFiles, SideWriter, check_side_files, is_numbered
from tests.full_disk import largest_file

CONTENT = np.random.default_rng(99).integers(0, 256, (40, 60, 3), np.uint8)
ALPHA = np.tile(np.arange(60, dtype=np.uint8) * 4, (40, 1))
LOSSES = np.linspace(4, 1, 10, dtype=np.float32)[:, None] * np.array([1, 0.25, 0.5, 0.25], np.float32)


def progress(iteration: int) -> Progress:
    image = np.random.default_rng(iteration).integers(0, 256, CONTENT.shape, np.uint8)
    return Progress(iteration, 10, image, LOSSES[:1], 1.0, 1, ())


class Notes(list[str]):
    """What a person was told."""


def writer(folder: Path, notes: list[str] | None = None, alpha: np.ndarray | None = None, **files) -> SideWriter:
    told = Notes() if notes is None else notes
    return SideWriter(SideFiles(**files), folder / "out.png", Picture(CONTENT, alpha), told.append)


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_nothing_is_written_that_was_not_asked_for(tmp_path):
    side = writer(tmp_path)
    side.see(progress(5))
    side.finish(LOSSES)
    assert names(tmp_path) == []


def test_the_preview_is_the_newest_picture_with_the_contents_transparency(tmp_path):
    side = writer(tmp_path, alpha=ALPHA, preview=tmp_path / "now.png")
    for iteration in (1, 5):
        side.see(progress(iteration))
        seen = read_picture(tmp_path / "now.png")
        assert np.array_equal(seen.pixels, progress(iteration).image)
        assert np.array_equal(seen.alpha, ALPHA)
    assert names(tmp_path) == ["now.png"]


def test_a_link_to_a_numbered_picture_has_its_name(tmp_path):
    (tmp_path / "out-0005.png").touch()
    (tmp_path / "photo.png").symlink_to("out-0005.png")
    (tmp_path / "other.png").symlink_to("out-5.png")
    for name, expected in (("out-0005.png", True), ("photo.png", True), ("other.png", False), ("out.png", False)):
        assert is_numbered(tmp_path / name, tmp_path / "out.png") is expected


def test_pictures_are_numbered_by_iteration_in_the_results_format(tmp_path):
    side = writer(tmp_path, save_every=5)
    for iteration in (1, 5, 9, 10, 12345 * 5):
        side.see(progress(iteration))
    assert names(tmp_path) == ["out-0005.png", "out-0010.png", "out-61725.png"]
    assert np.array_equal(read_picture(tmp_path / "out-0010.png").pixels, progress(10).image)


def test_animation_strip_curves_and_table_come_at_the_end(tmp_path):
    files = {"gif": "a.gif", "strip": "s.png", "loss_plot": "p.png", "losses": "l.csv"}
    side = writer(tmp_path, **{kind: tmp_path / name for kind, name in files.items()})
    for iteration in (1, 5, 10):
        side.see(progress(iteration))
    assert names(tmp_path) == []
    side.finish(LOSSES)
    assert names(tmp_path) == sorted(files.values())
    with Image.open(tmp_path / "a.gif") as animation:
        assert animation.n_frames == 4
    with Image.open(tmp_path / "s.png") as strip:
        assert (strip.height, (strip.width + 8) % 68) == (40, 0)
        assert np.array_equal(np.asarray(strip)[:, :60], CONTENT)
        assert np.array_equal(np.asarray(strip)[:, -60:], progress(10).image)
    assert len((tmp_path / "l.csv").read_text().splitlines()) == 11


def test_a_strip_shows_the_content_once(tmp_path):
    side = writer(tmp_path, strip=tmp_path / "s.png")
    side.see(progress(10))
    side.finish(LOSSES)
    with Image.open(tmp_path / "s.png") as strip:
        assert strip.size == (60 * 2 + 8, 40)
        assert np.array_equal(np.asarray(strip)[:, 68:], progress(10).image)


def test_a_strip_of_a_run_that_did_nothing_more_shows_what_there_is(tmp_path):
    side = writer(tmp_path, strip=tmp_path / "s.png")
    side.finish(LOSSES)
    with Image.open(tmp_path / "s.png") as strip:
        assert strip.size == (60 * 2 + 8, 40)


def test_a_full_disk_is_told_once_for_each_kind_and_older_files_stay(tmp_path):
    notes = Notes()
    side = writer(tmp_path, notes, preview=tmp_path / "now.png", save_every=1)
    side.see(progress(1))
    with largest_file(100):
        for iteration in (2, 3, 4):
            side.see(progress(iteration))
    assert [note.split(": ", 1)[1] for note in notes] == [
        "File too large. The run goes on without its preview.",
        "File too large. The run goes on without its numbered picture.",
    ]
    assert np.array_equal(read_picture(tmp_path / "now.png").pixels, progress(1).image)
    assert names(tmp_path) == ["now.png", "out-0001.png"]
    side.see(progress(5))
    assert np.array_equal(read_picture(tmp_path / "now.png").pixels, progress(5).image)


def test_at_the_end_all_that_can_be_written_is_and_the_first_failure_is_raised(tmp_path):
    files = {"gif": "a.gif", "strip": "s.png", "loss_plot": "p.png", "losses": "l.csv"}
    side = writer(tmp_path, **{kind: tmp_path / name for kind, name in files.items()})
    side.see(progress(10))
    with largest_file(1000), pytest.raises(FileError, match=r"a\.gif cannot be written"):
        side.finish(LOSSES)
    assert names(tmp_path) == ["l.csv"]  # it is the only one that small


@pytest.mark.parametrize("kind", ["preview", "gif", "strip", "loss_plot", "losses"])
def test_a_place_that_cannot_be_written_is_refused_beforehand(tmp_path, kind: str):
    suffix = {"gif": ".gif", "losses": ".csv"}.get(kind, ".png")
    check_side_files(SideFiles(**{kind: tmp_path / f"a{suffix}"}))
    for file in (tmp_path / "a.txt", tmp_path / "nowhere" / f"a{suffix}"):
        with pytest.raises(FileError):
            check_side_files(SideFiles(**{kind: file}))
