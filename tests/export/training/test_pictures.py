"""Folders of pictures become a cache; what cannot be read is named and left out."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tests.conftest import picture
from training.errors import TrainingError
from training.picture_cache import LONGEST_SIDE, Pictures, Source, write_pictures


@pytest.fixture
def folder(tmp_path):
    """Two photographs in folders of folders, and what a real folder has besides."""
    photographs = tmp_path / "photographs"
    (photographs / "deep").mkdir(parents=True)
    Image.fromarray(picture(120, 160, seed=1)).save(photographs / "one.png")
    Image.fromarray(picture(700, 1400, seed=2)).save(photographs / "deep" / "two.JPG")
    Image.fromarray(picture(40, 160, seed=3)).save(photographs / "small.png")
    Image.new("RGB", (200, 200), (9, 9, 9)).save(photographs / "flat.png")
    (photographs / "notes.txt").write_text("not a picture")
    return photographs


def cached(tmp_path, *sources, **options):
    report = write_pictures(tmp_path / "cache", [Source(*source) for source in sources], most=100, **options)
    return Pictures(tmp_path / "cache"), report


def test_pictures_come_back_as_they_were_and_large_ones_smaller(tmp_path, folder):
    pictures, report = cached(tmp_path, (folder, 2.0))
    assert report == ([2], [])
    assert pictures.shares == [2.0]
    large, small = pictures[0], pictures[1]
    assert large.shape == (LONGEST_SIDE // 2, LONGEST_SIDE, 3)
    np.testing.assert_array_equal(small, picture(120, 160, seed=1))


def test_a_picture_with_holes_keeps_its_opacity(tmp_path):
    stamps = tmp_path / "stamps"
    stamps.mkdir()
    stamp = np.dstack([picture(100, 100), np.tile(np.arange(100, dtype=np.uint8), (100, 1))])
    Image.fromarray(stamp).save(stamps / "stamp.png")
    pictures, _ = cached(tmp_path, (stamps, 1.0))
    np.testing.assert_array_equal(pictures[0], stamp)


def test_an_unreadable_picture_is_named_and_skipped(tmp_path, folder):
    whole = (folder / "one.png").read_bytes()
    (folder / "cut.png").write_bytes(whole[: len(whole) // 2])
    (folder / "text.jpg").write_text("not a picture")
    pictures, report = cached(tmp_path, (folder, 1.0))
    assert len(pictures) == 2
    assert [line.split(" cannot be read")[0] for line in report.unreadable] == [
        str(folder / "cut.png"),
        str(folder / "text.jpg"),
    ]


def test_a_folder_without_pictures_is_refused(tmp_path, folder):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(TrainingError, match=f"{empty} holds no picture"):
        cached(tmp_path, (folder, 1.0), (empty, 1.0))


def test_a_folder_that_is_no_cache_is_refused(tmp_path):
    with pytest.raises(TrainingError, match="holds no picture cache") as refusal:
        Pictures(tmp_path)
    assert "python -m training pictures" in refusal.value.remedy


def test_drawn_pictures_are_a_source_of_their_own(tmp_path, folder):
    drawn = [picture(100, 100, seed=seed) for seed in (5, 6)]
    pictures, _ = cached(tmp_path, (folder, 1.0), drawn=drawn, drawn_share=3.0)
    assert pictures.shares == [1.0, 3.0]
    assert [entry.source for entry in pictures.entries] == [0, 0, 1, 1]
    np.testing.assert_array_equal(pictures[3], drawn[1])
