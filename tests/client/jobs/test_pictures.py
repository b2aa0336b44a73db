"""What a job reads is sent at its size, and its masks fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nst_client.calls.run import Patience
from nst_client.display.plain import QuietDisplay
from nst_client.errors import PictureError, RequestRefused
from nst_client.files.pictures import Picture, write_picture
from nst_client.jobs.job import Job, Sources
from nst_client.jobs.job_run import JobRun
from nst_client.jobs.observer import Observer
from nst_client.jobs.pictures import read_pictures
from nst_client.jobs.settings import Settings
from tests.client.recorded import Recorded


def save(file: Path, height: int, width: int, *levels: int) -> Path:
    """A grey picture whose columns have so many levels, from left to right; of one level where one is given."""
    row = np.repeat(levels, width // len(levels)).astype(np.uint8)
    Image.fromarray(np.tile(row, (height, 1))).save(file)
    return file


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    """A content of 80 x 64 pixels, and two styles of other sizes."""
    for name, height, width in (("a.png", 64, 80), ("x.png", 60, 48), ("y.png", 40, 80)):
        write_picture(tmp_path / name, Picture(np.full((height, width, 3), len(name), np.uint8)))
    return Sources(tmp_path / "a.png", (tmp_path / "x.png", tmp_path / "y.png"))


def job_of(sources: Sources, size: int = 64, **options) -> Job:
    return Job(sources, sources.content.with_name("out.png"), Settings(3, size, options))


def test_masks_are_scaled_to_their_pictures_as_they_are_sent(sources, tmp_path: Path):
    sources = sources._replace(
        masks=(save(tmp_path / "m.png", 64, 80, 255, 0),),
        style_masks=(save(tmp_path / "xm.png", 60, 48, 0, 255), save(tmp_path / "ym.png", 40, 80, 255)),
        strength=save(tmp_path / "s.png", 64, 80, *range(0, 240, 6)),
    )
    read = read_pictures(job_of(sources))
    assert [style.pixels.shape for style in read.styles] == [(64, 51, 3), (32, 64, 3)]
    assert read.options["content_mask"].shape == (51, 64, 2)
    assert [mask.shape for mask in read.options["style_masks"]] == [(*one.pixels.shape[:2], 2) for one in read.styles]
    assert read.options["strength"].shape == (51, 64)
    assert [(region.name, region.styles, region.share) for region in read.regions] == [
        ("white", (0, 1), 0.5),
        ("black", (0,), 0.5),
    ]


def test_a_run_sends_all_styles_and_masks_in_every_call(sources, tmp_path: Path):
    sources = sources._replace(
        masks=(save(tmp_path / "m.png", 64, 80, 255, 0),), strength=save(tmp_path / "s.png", 64, 80, 255, 9)
    )
    recorded = Recorded()
    with recorded.client() as client:
        job = job_of(sources, size=0, color="luminance", style_scale=0.5)
        run, observer = JobRun(job, client, tmp_path / "out.nst"), Observer("out.png", QuietDisplay())
        run.finish(run.paint(observer, Patience()), observer)
    (start, began), *steps = recorded.calls
    assert start == "stylize_start"
    assert began["more_style_sizes"].tolist() == [[40, 80]]
    assert began["more_styles"].shape == (1, 40, 80, 3)
    assert began["content_mask"][0, [0, -1]].tolist() == [[255, 0], [0, 255]]
    assert began["strength"][0, [0, -1]].tolist() == [255, 9]
    assert (began["color"], float(began["style_scale"])) == ((b"luminance",), 0.5)
    assert steps
    for signature, inputs in steps:
        assert signature == "stylize_step"
        same = inputs.keys() & began.keys()
        assert same == began.keys()
        assert all(np.array_equal(inputs[name], began[name]) for name in same)
    names = {"style_2": "y.png", "mask": "m.png", "strength": "s.png", "color": "luminance"}
    assert names.items() <= run.result.words.items()
    assert names.items() <= run.saved_settings.items()


def test_a_mask_of_another_size_is_noted_and_scaled(sources, tmp_path: Path):
    job = job_of(sources._replace(masks=(save(tmp_path / "m.png", 50, 50, 255, 0),)))
    with pytest.warns(UserWarning, match=r"m\.png is 50 x 50 pixels, and .*a\.png 80 x 64: the mask is stretched"):
        read = read_pictures(job)
    assert read.options["content_mask"].shape == (51, 64, 2)


def test_a_blend_makes_one_region_of_the_mask(sources, tmp_path: Path):
    masked = sources._replace(masks=(save(tmp_path / "m.png", 64, 80, 255, 0),))
    read = read_pictures(job_of(masked, blend=[0.7, 0.3]))
    assert read.options["content_mask"].shape == (51, 64, 1)


@pytest.mark.parametrize("role", ["masks", "strength"])
def test_a_file_in_which_nothing_is_painted_is_refused(sources, tmp_path: Path, role: str):
    black = save(tmp_path / "m.png", 64, 80, 0)
    with pytest.raises(RequestRefused, match=r"m\.png is all black.*: nothing would be painted\."):
        read_pictures(
            job_of(sources._replace(styles=sources.styles[:1], **{role: (black,) if role == "masks" else black}))
        )


def test_17_styles_are_refused_before_any_is_read(sources, tmp_path: Path):
    with pytest.raises(RequestRefused, match=r"^style: must be 1 to 16 pictures, got 17\.$"):
        read_pictures(job_of(sources._replace(styles=(tmp_path / "nowhere.png",) * 17)))


def test_a_further_style_that_is_too_small_is_told_with_the_size_that_does(sources, tmp_path: Path):
    small = save(tmp_path / "small.png", 20, 80, 9)
    with pytest.raises(PictureError, match=r"small\.png is 80 x 20 pixels, .*: use --size 126 or more\."):
        read_pictures(job_of(sources._replace(styles=(*sources.styles, small)), size=0))
