"""`nst stylize` that ends before its end: by Ctrl-C, by a loss without sense, by a full disk."""

from __future__ import annotations

import resource
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from nst_client import errors
from nst_client.cli import app
from nst_client.jobs.state_file import read_state
from tests.client.proxy import NOWHERE, Busy, Held, Spoiled
from tests.client.stylize.command import ITERATIONS, Cli, command_in, pixels_of, refused

SAVE_EVERY = 8  # iterations: a call makes as many unless one alone takes longer than a second, so calls are known


@pytest.fixture
def held(server, closing) -> Held:
    """Lets the start and the first iteration through."""
    return closing(Held(server.address, calls=2))


def read_until(words: str, process: subprocess.Popen[str]) -> None:
    while words not in (line := process.stderr.readline()):
        assert line, f"the process has ended without saying {words!r}"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_ctrl_c_saves_the_picture_so_far_and_says_how_to_go_on(stylize, files, held, undisturbed, number):
    options = ["--iterations", ITERATIONS, "--save-every", SAVE_EVERY, "--style-weight", 2]
    process = stylize.start(*options, server=held.address)
    held.wait_for_a_call()
    process.send_signal(number)
    read_until("Stopping after the call in hand. Press Ctrl-C again to stop at once.", process)
    held.release()
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "")
    *_, what, remedy = err.splitlines()
    assert what == f"Stopped: 8 of 60 iterations are done; the picture so far is {files.output}."
    assert np.array_equal(pixels_of(files.output), undisturbed(8, style_weight=2))
    assert read_state(files.state).progress.iteration == 8
    assert files.left == ["out-0008.png", "out.png", "out.png.nst"]

    words = command_in(remedy)
    assert words == [*stylize.words(*options, server=held.address), "--resume", str(files.state)]
    again = stylize.start_words(words)
    out, err = again.communicate(timeout=60)
    assert (again.returncode, out) == (0, f"{files.output}\n"), err
    assert np.array_equal(pixels_of(files.output), undisturbed(style_weight=2))
    assert files.left == [*(f"out-{number:04}.png" for number in range(8, 60, 8)), "out.png"]


def test_the_way_on_is_right_behind_a_double_dash_too(stylize, files, halfway):
    words = stylize.words("--resume", halfway, "--", server=NOWHERE)
    pictures, options = words[1:3], words[3:]
    _, err = stylize.start_words(["stylize", *options, *pictures]).communicate(timeout=60)
    assert command_in(err) == ["stylize", *options[:-3], "--resume", str(files.state), "--", *pictures]


def test_ctrl_c_twice_does_not_wait_for_the_call_and_keeps_what_was_saved(stylize, files, held):
    process = stylize.start(server=held.address)
    held.wait_for_a_call()
    process.send_signal(signal.SIGINT)
    read_until("Press Ctrl-C again", process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "Traceback" not in err
    assert read_state(files.state).progress.iteration == 1
    assert command_in(err)[-2:] == ["--resume", str(files.state)]


@pytest.mark.slow
def test_ctrl_c_keeps_the_history_and_the_curves_so_far(stylize, files, held):
    names = {"--gif": "run.gif", "--strip": "run.png", "--loss-plot": "losses.png", "--losses": "losses.csv"}
    options = [word for option, name in names.items() for word in (option, files.output.with_name(name))]
    process = stylize.start("--save-every", SAVE_EVERY, *options, server=held.address)
    held.wait_for_a_call()
    process.send_signal(signal.SIGINT)
    read_until("Press Ctrl-C again", process)
    held.release()
    process.communicate(timeout=60)
    assert set(names.values()) < set(files.left)
    done = read_state(files.state).progress.iteration
    assert np.loadtxt(files.output.with_name("losses.csv"), delimiter=",", skiprows=1)[:, 0].tolist() == [*range(done)]
    with Image.open(files.output.with_name("run.gif")) as animation:
        assert animation.n_frames == 3  # the content, after one iteration, and after the call in hand


def stop_while_waiting(process: subprocess.Popen[str]) -> str:
    """Presses Ctrl-C when it says that it waits for its server."""
    assert process.stderr.readline().endswith("RESOURCE_EXHAUSTED: try later. Waiting for it.\n")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    return err


def test_a_run_that_is_stopped_before_its_first_iteration_leaves_nothing(stylize, files, server, closing):
    err = stop_while_waiting(stylize.start(server=closing(Busy(server.address)).address))
    assert err.splitlines()[1:] == ["Stopped: Nothing is done yet.", "Start it again."]
    assert files.left == []


@pytest.mark.slow
def test_a_resumed_run_that_is_stopped_before_it_went_on_says_how_to_go_on(
    stylize, files, halfway, server, closing, undisturbed
):
    """With --state the run is not in that file yet, but still in the other one."""
    busy = closing(Busy(server.address)).address
    before = halfway.rename(halfway.with_name("before.nst"))
    err = stop_while_waiting(stylize.start("--resume", before, "--state", files.state, server=busy))
    assert "20 of 60 iterations are done" in err
    words = command_in(err)
    assert words[-2:] == ["--resume", str(before)]
    done = CliRunner().invoke(app, [server.address if word == busy else word for word in words])
    assert done.exit_code == 0, done.exception
    assert np.array_equal(pixels_of(files.output), undisturbed())
    assert files.left == ["before.nst", "out.png", "out.png.nst"]


@pytest.mark.parametrize("kept", [False, True])
def test_a_run_that_diverges_keeps_its_best_picture(stylize, files, server, closing, undisturbed, kept: bool):
    table, plot = files.output.with_name("losses.csv"), files.output.with_name("losses.png")
    options = ["--losses", table, "--loss-plot", plot, *(["--state", files.state] if kept else [])]
    spoiled = closing(Spoiled(server.address, 12)).address
    done = stylize("--iterations", 20, "--save-every", 5, "--quiet", *options, server=spoiled)
    words = f"no longer finite at iteration 12. The best picture is kept, that after 10 iterations: {files.output}."
    error = refused(done, errors.Diverged, words)
    assert error.remedy == "Use smaller weights or a smaller learning rate."
    assert np.array_equal(pixels_of(files.output), undisturbed(10))
    assert (files.state.name in files.left) == kept
    totals = np.loadtxt(table, delimiter=",", skiprows=1)[:, 1]
    assert (len(totals), np.flatnonzero(np.isnan(totals)).tolist()) == (15, [12, 13, 14])
    assert plot.exists()


def test_a_run_that_diverges_at_once_leaves_an_older_picture_alone(stylize, files, server, closing):
    files.output.write_text("an older picture")
    spoiled = closing(Spoiled(server.address, 0)).address
    refused(stylize("--iterations", 9, server=spoiled), errors.Diverged, "no longer finite at iteration 0.")
    assert (files.left, files.output.read_text()) == (["out.png"], "an older picture")


def test_a_diverged_run_whose_best_picture_cannot_be_written_stays_saved(stylize, files, held, closing):
    files.output.mkdir()  # a folder came there since the run began
    folder = files.output.rename(files.output.with_name("later"))
    process = stylize.start("--iterations", 20, "--save-every", 5, server=closing(Spoiled(held.address, 12)).address)
    process.stderr.readline()
    folder.rename(files.output)
    held.release()
    _, err = process.communicate(timeout=60)
    assert "FileError: " in err
    assert process.returncode == 1
    assert f"--resume '{files.state}'" in err
    assert read_state(files.state).progress.iteration >= 1


def start_and_fill_the_disk(stylize: Cli, held: Held, most_bytes: int, *options: object) -> tuple[int, str, str]:
    """From the first line on no file of the process may be longer."""
    process = stylize.start("--iterations", ITERATIONS, "--save-every", 20, *options, server=held.address)
    process.stderr.readline()
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
    held.release()
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux lets a process limit another one")
def test_a_disk_that_fills_up_loses_nothing(stylize, files, held, undisturbed):
    returncode, out, err = start_and_fill_the_disk(stylize, held, 1000, "--preview", files.output.with_name("now.png"))
    assert (returncode, out) == (1, "")
    assert "out.png cannot be written: File too large." in err
    assert err.count("The run goes on without its numbered picture.") == 1
    assert err.count("The run goes on without its preview.") == 1
    assert err.count("The run goes on without being saved.") <= 1
    assert read_state(files.state).progress.iteration >= 1

    again = stylize.start_words(command_in(err))
    assert again.communicate(timeout=60)[0] == f"{files.output}\n"
    assert np.array_equal(pixels_of(files.output), undisturbed())
    assert files.left == ["now.png", "out-0020.png", "out-0040.png", "out-0060.png", "out.png"]


def test_a_run_whose_folder_takes_nothing_any_more_is_saved_elsewhere(stylize, files, held, undisturbed, tmp_path):
    process = stylize.start("--iterations", ITERATIONS, server=held.address, TMPDIR=str(tmp_path))
    held.wait_for_a_call()
    gone = files.output.parent.rename(tmp_path / "gone")  # with what was saved of it at first
    held.release()
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "")
    assert f"FileError: There is no folder {files.output.parent}." in err

    gone.rename(files.output.parent)
    files.state.unlink()
    words = command_in(err)
    assert Path(words[-1]).parent == tmp_path
    assert read_state(Path(words[-1])).progress.iteration == ITERATIONS
    again = stylize.start_words(words)
    assert again.communicate(timeout=60)[0] == f"{files.output}\n"
    assert np.array_equal(pixels_of(files.output), undisturbed())


def test_a_state_that_was_to_be_kept_and_cannot_be_is_saved_elsewhere(stylize, files, held, tmp_path):
    (tmp_path / "kept").mkdir()
    options = ["--iterations", ITERATIONS, "--state", tmp_path / "kept" / "run.nst"]
    process = stylize.start(*options, server=held.address, TMPDIR=str(tmp_path))
    held.wait_for_a_call()
    (tmp_path / "kept").rename(tmp_path / "gone")
    held.release()
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert files.output.exists()
    saved = Path(command_in(err)[-1])
    assert (saved.parent, read_state(saved).progress.iteration) == (tmp_path, ITERATIONS)


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux lets a process limit another one")
def test_a_run_that_cannot_be_saved_gives_its_picture(stylize, files, held, undisturbed):
    returncode, out, err = start_and_fill_the_disk(stylize, held, 50_000)
    assert (returncode, out) == (0, f"{files.output}\n"), err
    assert np.array_equal(pixels_of(files.output), undisturbed())
    assert files.state.name not in files.left
