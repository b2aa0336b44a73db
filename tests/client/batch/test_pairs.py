"""Which pictures a batch reads, and what it calls its results."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from nst_client.batch.pairs import SHOWN_SKIPPED, cross_pairs
from nst_client.errors import NoPictures, SameFolder
from nst_client.jobs.job import Job
from nst_client.jobs.settings import Settings
from tests.client.batch.journals import job_of

SETTINGS = Settings(20, 64, {"style_weight": 2.0})


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, with one for results."""
    monkeypatch.chdir(tmp_path)
    Path("out").mkdir()
    return tmp_path


def touch(*names: str) -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()


def crossed(contents: list[str], styles: list[str], output_dir: str = "out", suffix: str = ".png") -> list[Job]:
    return cross_pairs(contents, styles, Path(output_dir), SETTINGS, suffix)


def outputs(contents: list[str], styles: list[str], output_dir: str = "out", suffix: str = ".png") -> list[str]:
    return [job.output.as_posix() for job in crossed(contents, styles, output_dir, suffix)]


def test_every_content_meets_every_style_contents_first():
    touch("b.jpg", "a.jpg", "x.png", "y.webp")
    assert crossed(["b.jpg", "a.jpg"], ["x.png", "y.webp"]) == [
        job_of(Path("b.jpg"), Path("x.png"), Path("out/b_x.png"), SETTINGS),
        job_of(Path("b.jpg"), Path("y.webp"), Path("out/b_y.png"), SETTINGS),
        job_of(Path("a.jpg"), Path("x.png"), Path("out/a_x.png"), SETTINGS),
        job_of(Path("a.jpg"), Path("y.webp"), Path("out/a_y.png"), SETTINGS),
    ]


def test_a_folder_stands_for_its_pictures_by_name_without_hidden_ones_and_sub_folders():
    touch("photos/b.JPG", "photos/a.tiff", "photos/.hidden.jpg", "photos/deep/c.jpg", "x.png")
    Path("photos/folder.jpg").mkdir()
    assert outputs(["photos"], ["x.png"]) == ["out/a_x.png", "out/b_x.png"]


def test_pictures_of_phones_and_browsers_are_taken_from_a_folder():
    names = ["a.jfif", "b.jpe", "c.avif", "d.jpg_large", "e.apng", "f.DIB", "g.tga", "h.JPEG"]
    touch(*(f"photos/{name}" for name in names), "x.png")
    assert [pair.sources.content.name for pair in crossed(["photos"], ["x.png"])] == names


def test_files_of_folders_and_globs_that_are_not_taken_are_told():
    touch("photos/a.jpg", "photos/b.heic", "photos/notes.txt", "photos/.hidden", "x.png")
    with pytest.warns(UserWarning, match="skipped") as warned:
        assert outputs(["photos", "photos/*", "photos/a.jpg"], ["x.png"])[0] == "out/a_x.png"
    assert [str(warning.message) for warning in warned] == [
        "2 files skipped, whose suffixes are of no format that is read: photos/b.heic, photos/notes.txt."
    ]


def test_a_glob_stands_for_the_pictures_that_match():
    touch("photos/b1.jpg", "photos/a1.jpg", "photos/deep/er/a3.jpg", "x.png")
    assert outputs(["photos/a*"], ["x.png"]) == ["out/a1_x.png"]
    assert outputs(["photos/**/*.jpg"], ["x.png"]) == ["out/a1_x.png", "out/b1_x.png", "out/a3_x.png"]
    assert outputs([f"{Path.cwd()}/photos/[b]?.*"], ["x.png"]) == ["out/b1_x.png"]


def test_a_file_that_looks_like_a_glob_is_a_file_and_may_have_any_suffix():
    touch("a[1].jpg", "photo", "x.png")
    assert outputs(["a[1].jpg", "photo"], ["x.png"]) == ["out/a[1]_x.png", "out/photo_x.png"]


def test_the_same_file_counts_once_however_it_is_named(here: Path):
    touch("photos/a.jpg", "photos/b.jpg", "x.png")
    Path("link.jpg").symlink_to("photos/a.jpg")
    names = ["photos/b.jpg", "photos", "./photos/*.jpg", f"{here}/photos/a.jpg", "link.jpg", "photos/../photos/a.jpg"]
    assert outputs(names, ["x.png", "x.png"]) == ["out/b_x.png", "out/a_x.png"]


def test_all_arguments_that_stand_for_nothing_are_told_at_once():
    touch("empty/notes.txt", "x.png")
    with (
        pytest.raises(NoPictures) as raised,
        pytest.warns(UserWarning, match="1 file skipped, whose suffix .*: empty/notes.txt"),
    ):
        crossed(["empty", "*.jpg", "missing.png", "x.png"], [])
    assert str(raised.value) == (
        "There is no picture in the folder empty. No picture matches *.jpg. There is no file missing.png. "
        "There is no style."
    )
    assert raised.value.remedy.endswith(".")


def test_what_is_missing_is_said_once_though_it_was_named_twice():
    with pytest.raises(NoPictures) as raised:
        crossed(["missing.png"], ["missing.png"])
    assert str(raised.value) == "There is no file missing.png."


def test_many_files_that_are_skipped_are_counted_and_some_named():
    touch("photos/a.jpg", *(f"photos/{number:02}.heic" for number in range(SHOWN_SKIPPED + 3)), "x.png")
    with pytest.warns(UserWarning, match=r"^13 files skipped, .*: photos/00\.heic, .*/09\.heic and 3 more\.$"):
        assert outputs(["photos"], ["x.png"]) == ["out/a_x.png"]


def test_a_name_that_no_file_can_have_is_told():
    with pytest.raises(NoPictures, match="File name too long"):
        crossed(["a" * 300], ["x.png"])


def test_names_that_would_be_the_same_get_their_suffixes():
    touch("a.jpg", "a.png", "b.jpg", "x.png")
    expected = ["out/a-jpg_x.png", "out/a-png_x.png", "out/b_x.png"]
    assert outputs(["a.jpg", "a.png", "b.jpg"], ["x.png"]) == expected


def test_names_that_would_still_be_the_same_get_their_folders():
    touch("one/a.jpg", "two/a.jpg", "x.png")
    assert outputs(["one", "two"], ["x.png"]) == ["out/one-a-jpg_x.png", "out/two-a-jpg_x.png"]


def test_names_in_folders_of_the_same_name_are_told_apart_for_good():
    touch("1/day/a.jpg", "2/day/a.jpg", "x.png")
    names = outputs(["1/day", "2/day"], ["x.png"])
    assert len(set(names)) == 2
    assert names == outputs(["1/day", "2/day"], ["x.png"])
    assert names == outputs(["2/day", "1/day"], ["x.png"])[::-1]


def test_two_pairs_never_share_a_name_though_their_stems_join_to_the_same():
    touch("a.jpg", "a_b.jpg", "b_c.png", "c.png")
    names = outputs(["a.jpg", "a_b.jpg"], ["b_c.png", "c.png"])
    assert len(set(names)) == 4
    assert names[1:3] == ["out/a_c.png", "out/a_b_b_c.png"]


@pytest.mark.parametrize("other", ["A.jpg", "a\u0308.jpg"])
def test_names_that_other_systems_hold_for_the_same_are_told_apart(other: str):
    first = "a.jpg" if other == "A.jpg" else "\u00e4.jpg"
    touch(f"one/{first}", f"two/{other}", "x.png")
    assert [name.split("-")[0] for name in outputs(["one", "two"], ["x.png"])] == ["out/one", "out/two"]


def test_a_name_does_not_depend_on_the_order_of_the_arguments():
    touch("one/a.jpg", "one/a.png", "two/a.jpg", "a-jpg.png", "x.png")
    names = ["one/a.jpg", "one/a.png", "two/a.jpg", "a-jpg.png"]
    expected = {job.sources.content: job.output for job in crossed(names, ["x.png"])}
    assert len(set(expected.values())) == 4
    for order in itertools.permutations(names):
        assert {job.sources.content: job.output for job in crossed([*order], ["x.png"])} == expected


def test_long_names_are_cut_to_what_file_systems_allow():
    touch(f"{'a' * 250}.jpg", f"{'a' * 249}b.jpg", f"{'ä' * 120}.png", "one/two.png")
    pairs = crossed([f"{'a' * 250}.jpg", f"{'a' * 249}b.jpg"], [f"{'ä' * 120}.png"])
    assert len({job.output for job in pairs}) == 2
    for job in pairs:
        job.output.touch()


def test_a_result_is_never_named_like_a_picture_that_is_read():
    touch("photos/a.jpg", "photos/a_x.png", "x.png", "b.jpg", "b_x.png")
    inputs = ["photos/a.jpg", "photos/a_x.png"]
    names = outputs(inputs, ["x.png"], output_dir="photos")
    assert len(set(names)) == 2
    assert not set(names) & set(inputs)
    Path("photos/b_x.png").symlink_to("../b_x.png")
    assert "photos/b_x.png" not in outputs(["b.jpg", "photos/b_x.png"], ["x.png"], output_dir="photos")
    Path("other").symlink_to("photos")
    assert not {Path(name).name for name in outputs(inputs, ["x.png"], "other")} & {"a_x.png"}


@pytest.mark.parametrize("argument", ["photos", "photos/*.png", "photos/*", "other/../photos"])
def test_results_among_the_pictures_of_the_next_batch_are_refused(argument: str):
    touch("photos/a.png", "other/x.png")
    with pytest.raises(SameFolder, match="is where the results go, too"):
        crossed([argument], ["other/x.png"], output_dir="photos")


@pytest.mark.parametrize("argument", ["**/*.jpg", "*/*.jpg", "[do]*/*.jpg"])
def test_a_glob_over_folders_leaves_the_results_of_an_earlier_batch_out(argument: str):
    touch("deep/a.jpg", "deep/b.jpg", "out/a_x.jpg", "paintings/x.png")
    assert outputs([argument], ["paintings"], suffix=".jpg") == ["out/a_x.jpg", "out/b_x.jpg"]


def test_the_overview_of_an_earlier_batch_is_no_picture_to_read():
    touch("out/contact_sheet.jpg", "out/a.jpg", "out/sub/b.png", "x.png")
    assert outputs(["out/*.jpg"], ["x.png"]) == ["out/a_x.png"]
    assert outputs(["out/sub/*.png"], ["x.png"]) == ["out/b_x.png"]
    for name in ("out/contact_sheet.jpg", "out/../out/contact_sheet.jpg"):
        with pytest.raises(SameFolder, match=r"is read, and is where the overview of the results goes\.$"):
            crossed([name], ["x.png"])


def test_pictures_beside_the_results_may_be_read_where_they_cannot_be_results():
    touch("a.jpg", "x.webp", "a_x.png")
    assert outputs(["*.jpg"], ["*.webp"], output_dir=".") == ["a_x.png"]


def test_thousands_of_pairs_are_named_in_no_time():
    touch(*(f"photos/{index}.jpg" for index in range(100)), *(f"paintings/{index}.jpg" for index in range(30)))
    assert len(set(outputs(["photos"], ["paintings"]))) == 3000
