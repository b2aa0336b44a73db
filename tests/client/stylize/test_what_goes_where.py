"""`nst stylize` with several styles, masks and strength: from files to the picture and back."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from nst_client import errors
from nst_client.files.pictures import Picture, write_picture
from nst_client.jobs.state_file import SavedRun, read_state, write_state
from tests.client.proxy import NOWHERE
from tests.client.stylize.command import pixels_of, refused
from tests.conftest import picture


@pytest.fixture
def mask(files):
    """White in the left half of the content, black in the right one."""
    return save(files.content.with_name("mask.png"), np.repeat([255, 0], 32))


@pytest.fixture
def other(files):
    """Another style."""
    write_picture(files.content.with_name("other.png"), Picture(picture(40, 60, seed=8)))
    return files.content.with_name("other.png")


def save(file, row: np.ndarray, height: int = 48):
    Image.fromarray(np.tile(row.astype(np.uint8), (height, 1))).save(file)
    return file


def test_what_the_mask_leaves_out_keeps_the_pixels_of_the_content(stylize, files, content, mask):
    done = stylize("--iterations", 4, "--mask", mask, "--json")
    assert done.exit_code == 0, done.exception
    painted = pixels_of(files.output)
    assert np.array_equal(painted[:, 32:], content[:, 32:])
    assert not np.array_equal(painted[:, :32], content[:, :32])
    assert json.loads(done.stdout)["mask"] == "mask.png"
    with Image.open(files.output) as image:
        assert json.loads(image.text["nst"])["mask"] == "mask.png"


def test_the_command_and_the_client_send_the_same(stylize, files, client, content, style, mask, other):
    strength = save(files.content.with_name("fade.png"), np.linspace(255, 0, 64))
    both = ["--iterations", 4, "--strength", strength, "--color", "luminance", "--style-scale", 0.9]
    assert stylize(other, *both, "--mask", mask).exit_code == 0
    half = np.zeros((48, 64), np.uint8)
    half[:, :32] = 255
    fade = np.asarray(Image.open(strength))
    options = {"strength": fade, "color": "luminance", "style_scale": 0.9, "iterations": 4}
    styles = [style, pixels_of(other)]
    stylized = client.stylize(content, styles, content_mask=np.dstack([half, 255 - half]), **options)
    assert np.array_equal(pixels_of(files.output), stylized.image)
    assert stylize(other, *both, "--mask", mask, "--blend", "0.7,0.3").exit_code == 0
    stylized = client.stylize(content, styles, content_mask=half, blend=[0.7, 0.3], **options)
    assert np.array_equal(pixels_of(files.output), stylized.image)


def test_each_region_takes_what_has_its_colour_in_the_style(stylize, files, client, content, style, mask):
    style_mask = save(files.content.with_name("regions.png"), np.repeat([0, 255], 20), height=56)
    done = stylize("--iterations", 4, "--mask", mask, "--style-mask", style_mask)
    assert done.exit_code == 0, done.exception
    ours, theirs = (np.asarray(Image.open(file)) for file in (mask, style_mask))
    masks = {"content_mask": np.dstack([ours, 255 - ours]), "style_masks": [np.dstack([theirs, 255 - theirs])]}
    stylized = client.stylize(content, style, iterations=4, **masks)
    assert np.array_equal(pixels_of(files.output), stylized.image)


def test_a_watched_run_gives_the_bits_of_one_call(client, content, style):
    masks = {"content_mask": picture(48, 64, seed=5)[:, :, :2], "strength": picture(48, 64, seed=6)[:, :, 0]}
    styles = [style, picture(40, 60, seed=8)]
    *_, last = client.watch(content, styles, iterations=5, **masks)
    assert np.array_equal(last.image, client.stylize(content, styles, iterations=5, **masks).image)


def test_a_run_goes_on_with_the_files_that_it_began_with(stylize, files, mask, other):
    kept = files.output.with_name("kept.nst")
    assert stylize(other, "--iterations", 4, "--mask", mask, "--state", kept).exit_code == 0
    assert stylize(other, "--iterations", 8, "--mask", mask).exit_code == 0
    whole = pixels_of(files.output)
    assert stylize(other, "--resume", kept, "--iterations", 8, "--mask", mask).exit_code == 0
    assert np.array_equal(pixels_of(files.output), whole)

    words = "kept.nst: the run began with style_2 other.png, mask mask.png and without strength mask.png."
    refused(stylize("--resume", kept, "--strength", mask, server=NOWHERE), errors.StateFileError, words)
    save(mask, np.repeat([255, 0, 255], [16, 32, 16]))
    error = refused(
        stylize(other, "--resume", kept, "--iterations", 9, "--mask", mask),
        errors.StateRefused,
        "must come from a run with the same content_mask",
    )
    assert "go on with" not in error.remedy.lower()


def test_a_run_of_one_style_that_was_saved_before_there_were_masks_goes_on(stylize, files, halfway):
    saved = read_state(halfway)
    assert "style" not in saved.settings
    write_state(files.state, SavedRun(saved.progress, {**saved.settings, "content": "c.png", "style": "s.png"}))
    assert stylize("--resume", files.state).exit_code == 0


def test_a_mask_of_another_size_is_noted_and_the_run_goes_on(nst, files, server, mask):
    small = save(mask, np.repeat([255, 0], 20), height=30)
    done = nst(
        "stylize",
        *files[:2],
        "-o",
        files.output,
        "--server",
        server.address,
        "--size",
        0,
        "--iterations",
        1,
        "--mask",
        small,
    )
    assert done.returncode == 0, done.stderr
    note = f"Warning: {small} is 40 x 30 pixels, and {files.content} 64 x 48: the mask is scaled to it."
    assert done.stderr.splitlines()[0] == note


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--mask", "mask.png", "--mask", "mask.png"], "mask: must be one, or one for each of the styles, which are 1"),
        (["--style-mask", "mask.png"], "style_mask: must come with a mask of the content"),
        (["--blend", "1,2"], "blend: must have a number for each of the styles, which are 1, got 2"),
        (["--strength", "black.png"], "black.png is all black or transparent: nothing would be painted"),
        (["--mask", "black.png"], "black.png is all black: nothing would be painted"),
        (["style.png"] * 16, "style: must be 1 to 16 pictures, got 17"),
    ],
)
def test_what_does_not_fit_together_is_refused(stylize, files, mask, monkeypatch, options: list[str], words: str):
    monkeypatch.chdir(files.content.parent)
    save(files.content.with_name("black.png"), np.zeros(64))
    refused(stylize("--iterations", 1, *options), errors.RequestRefused, words)
    assert files.left == []


@pytest.mark.parametrize("role", ["--mask", "--style-mask", "--strength"])
def test_a_mask_is_not_overwritten(stylize, files, mask, role: str):
    words, before = "mask.png is read: it cannot be written too.", mask.read_bytes()
    refused(stylize(role, mask, "--strip", mask, server=NOWHERE), errors.FileError, words)
    assert mask.read_bytes() == before


def test_an_explanation_is_printed_and_nothing_is_run_or_written(stylize, files, mask, other):
    done = stylize(other, "--mask", mask, "--explain", "--color", "luminance")
    assert done.exit_code == 0, done.exception
    first, *_ = done.stdout.splitlines()
    assert first.split() == ["content", "content.png", "64", "x", "48"]
    assert "white  50.0 %  style.png" in done.stdout
    told = json.loads(stylize(other, "--mask", mask, "--explain", "--json").stdout)
    assert [region["styles"] for region in told["regions"]] == [[str(files.style)], [str(other)]]
    assert files.left == []


def test_an_explanation_is_about_a_new_run(stylize, halfway):
    done = stylize("--explain", "--resume", halfway)
    assert done.exit_code == 2
    assert "leave --resume out" in done.stderr
