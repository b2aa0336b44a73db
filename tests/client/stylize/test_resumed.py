"""`nst stylize --resume`: a run goes on, and only where it belongs."""

from __future__ import annotations

import json
import re
import shlex

import numpy as np
import pytest
from PIL import Image

from nst_client import errors
from nst_client.errors import StateFileError
from nst_client.files.pictures import Picture, write_picture
from nst_client.jobs.state_file import SavedRun, read_state, write_state
from tests.client.proxy import NOWHERE
from tests.client.stylize.command import ITERATIONS, pixels_of, refused, saved
from tests.conftest import picture


def test_a_resumed_run_gives_the_undisturbed_picture_and_takes_its_settings_from_the_file(
    stylize, files, halfway, undisturbed, client, content, style
):
    table = files.output.with_name("losses.csv")
    done = stylize("--resume", halfway, "--losses", table, "--json")
    assert done.exit_code == 0, done.exception
    assert np.array_equal(pixels_of(files.output), undisturbed())
    assert files.left == ["losses.csv", "out.png"]
    losses = np.loadtxt(table, delimiter=",", skiprows=1, dtype=np.float32)
    assert np.array_equal(losses[:, 1:], client.stylize(content, style, iterations=ITERATIONS).losses)
    assert json.loads(done.stdout)["losses"]["first"]["total"] == float(losses[0, 1])


def test_more_iterations_at_resume_go_on_further_and_state_keeps_the_file(stylize, files, undisturbed):
    kept = files.output.with_name("kept.nst")
    assert stylize("--iterations", 5, "--state", kept).exit_code == 0
    assert files.left == ["kept.nst", "out.png"]
    assert read_state(kept).progress.iteration == 5

    done = stylize("--resume", kept, "--state", kept, "--iterations", 12)
    assert done.exit_code == 0, done.exception
    assert np.array_equal(pixels_of(files.output), undisturbed(12))
    assert read_state(kept).progress.iteration == 12

    error = refused(stylize("--resume", kept, "--iterations", 7), errors.RequestRefused, "more than the 12 that are")
    assert "go on with" not in error.remedy.lower()
    assert read_state(kept).progress.iteration == 12


def test_one_can_go_on_from_a_kept_state_again_and_again(stylize, files, undisturbed):
    kept = files.output.with_name("kept.nst")
    stylize("--iterations", 5, "--state", kept)
    before = kept.read_bytes()
    for iterations in (9, 7):
        done = stylize("--resume", kept, "--iterations", iterations)
        assert done.exit_code == 0, done.exception
        assert np.array_equal(pixels_of(files.output), undisturbed(iterations))
        assert (files.left, kept.read_bytes()) == (["kept.nst", "out.png"], before)


@pytest.mark.parametrize("spelt", ["out.png.nst", "../my results/out.png.nst"])
def test_a_state_that_was_kept_under_the_usual_name_stays_too_however_it_is_spelt(
    stylize, files, monkeypatch, spelt: str
):
    monkeypatch.chdir(files.output.parent)
    assert stylize("--iterations", 5, "--state", files.state).exit_code == 0
    done = stylize("--resume", spelt, "--iterations", 9)
    assert done.exit_code == 0, done.exception
    assert read_state(files.state).progress.iteration == 9
    assert re.match(r"9 iterations, 4 of them in \d", done.stderr.splitlines()[-1])


@pytest.mark.parametrize("other", [{"iterations": "x"}, {"size": None}, {"size": 1.5}, {"tv_weight": "a"}], ids=str)
def test_a_saved_run_with_other_settings_than_ours_is_refused(stylize, files, halfway, other):
    write_state(files.state, SavedRun(read_state(halfway).progress, {"iterations": 9, "size": 0} | other))
    assert refused(
        stylize("--resume", files.state, server=NOWHERE), StateFileError, "holds no settings of `nst stylize`."
    )


def test_a_run_that_is_done_but_for_its_files_writes_them(stylize, files, undisturbed):
    kept, gif = files.output.with_name("kept.nst"), files.output.with_name("run.gif")
    stylize("--iterations", 5, "--state", kept)
    files.output.unlink()
    done = stylize("--resume", kept, "--gif", gif)
    assert done.exit_code == 0, done.exception
    assert np.array_equal(pixels_of(files.output), undisturbed(5))
    with Image.open(gif) as animation:
        assert animation.n_frames == 2  # the content and the result
    assert files.left == ["kept.nst", "out.png", "run.gif"]


@pytest.mark.parametrize("done", [20, ITERATIONS], ids=["halfway", "done"])
@pytest.mark.parametrize("name", ["content", "style", "size", "style_weight"])
def test_a_run_goes_on_with_its_own_pictures_and_numbers_only(
    stylize, files, client, content, style, name: str, done: int
):
    calls = list(client.watch(content, style, iterations=done))
    write_state(files.state, saved(calls, iterations=ITERATIONS, size=0))
    before = files.state.read_bytes()
    other = files.content.with_name("other.png")
    write_picture(other, Picture(picture(48, 64, seed=9)))
    pictures = {"content": (other, files.style), "style": (files.content, other)}.get(name)
    options = {"size": ["--size", 96], "style_weight": ["--style-weight", 3]}.get(name, [])
    result = stylize("--resume", files.state, *options, pictures=pictures)
    error = refused(result, errors.StateRefused, f"must come from a run with the same {name}")
    assert "go on with" not in error.remedy.lower()  # the same command would be refused again
    assert (files.left, files.state.read_bytes()) == (["out.png.nst"], before)


def test_a_lost_server_leaves_the_way_on(stylize, files, halfway):
    error = refused(
        stylize("--resume", halfway, server=NOWHERE), errors.ServerUnavailable, f"Nothing answers at {NOWHERE}"
    )
    assert f"--resume {shlex.quote(str(halfway))}" in error.remedy
    assert read_state(halfway).progress.iteration == 20


def test_a_run_goes_on_by_its_own_plan_of_sizes_only(stylize, files):
    kept = files.output.with_name("kept.nst")
    plan = ["--sizes", "48,64", "--level-iterations", "3,2"]
    assert stylize("--iterations", 5, *plan, "--state", kept).exit_code == 0
    for other in (["--sizes", "56,64"], ["--sizes", "64"], ["--level-iterations", "2,3"]):
        error = refused(stylize("--resume", kept, "--iterations", 9, *other), errors.StateRefused, "The run began with")
        assert "sizes 48,64 and level_iterations 3,2, got sizes " in str(error)
    done = stylize("--resume", kept, "--iterations", 9)
    whole = pixels_of(files.output)
    assert done.exit_code == 0, done.exception
    assert stylize("--iterations", 9, *plan).exit_code == 0
    assert np.array_equal(pixels_of(files.output), whole)
