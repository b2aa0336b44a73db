"""`nst stylize` as a person meets it who watches a run, stops it and goes on."""

from __future__ import annotations

import contextlib
import json
import os
import re
import resource
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import grpc
import numpy as np
import pytest
from PIL import Image
from tensorflow_serving.apis import prediction_service_pb2_grpc
from typer.testing import CliRunner, Result

from nst_client import errors
from nst_client.cli import app
from nst_client.history import LIMIT
from nst_client.pictures import Picture, read_picture, write_picture
from nst_client.progress import Progress
from nst_client.servers import server_at
from nst_client.state_file import SavedRun, StateFileError, read_state, write_state
from nst_client.tensors import array_of, tensor_of
from tests.conftest import picture

NOWHERE = "127.0.0.1:1"  # a port that only the system may listen at
ITERATIONS = 60


class Files(NamedTuple):
    content: Path
    style: Path
    output: Path

    @property
    def state(self) -> Path:
        return self.output.with_suffix(".nst")

    @property
    def left(self) -> list[str]:
        return sorted(file.name for file in self.output.parent.iterdir())


@pytest.fixture
def files(tmp_path: Path, content: np.ndarray, style: np.ndarray) -> Files:
    """A content picture, a style picture, and where the result goes."""
    write_picture(tmp_path / "content.png", Picture(content))
    write_picture(tmp_path / "style.png", Picture(style))
    (tmp_path / "my results").mkdir()  # a blank, for the command that a person is told to type
    return Files(tmp_path / "content.png", tmp_path / "style.png", tmp_path / "my results" / "out.png")


class Cli:
    """Runs `nst stylize` in this process, or in one of its own."""

    def __init__(self, files: Files, address: str) -> None:
        self._files = files
        self._running: list[subprocess.Popen[str]] = []
        self.address = address

    def words(self, *options: object, pictures: tuple[Path, Path] | None = None, server: str = "") -> list[str]:
        content, style = pictures or self._files[:2]
        known = ["--server", server or self.address, "--size", 0]
        return [str(word) for word in ("stylize", content, style, "-o", self._files.output, *known, *options)]

    def __call__(self, *options: object, **where) -> Result:
        return CliRunner().invoke(app, self.words(*options, **where))

    def start(self, *options: object, server: str = "") -> subprocess.Popen[str]:
        return self.start_words(self.words(*options, server=server))

    def start_words(self, words: list[str]) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "nst_client", *words]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        self._running.append(subprocess.Popen(command, text=True, env=environment, **pipes))
        return self._running[-1]

    def close(self) -> None:
        for process in self._running:
            process.kill()
            process.communicate()


@pytest.fixture
def stylize(files: Files, server) -> Iterator[Cli]:
    cli = Cli(files, server.address)
    yield cli
    cli.close()


@pytest.fixture
def undisturbed(client, content: np.ndarray, style: np.ndarray) -> Callable[..., np.ndarray]:
    """The picture of a run that nobody stops."""

    def run(iterations: int = ITERATIONS, **numbers: float) -> np.ndarray:
        return client.stylize(content, style, iterations=iterations, **numbers).image

    return run


@pytest.fixture
def halfway(client, content: np.ndarray, style: np.ndarray, files: Files) -> Path:
    """A run of ITERATIONS that was saved after 20."""
    calls = list(client.watch(content, style, iterations=20))
    write_state(files.state, saved(calls, iterations=ITERATIONS, size=0))
    return files.state


def saved(calls: list[Progress], iterations: int, **settings: object) -> SavedRun:
    losses = np.concatenate([call.losses for call in calls])
    last = calls[-1]._replace(losses=losses, iterations=iterations)
    return SavedRun(last, {"iterations": iterations, **settings})


def pixels_of(file: Path) -> np.ndarray:
    return read_picture(file).pixels


def command_in(text: str) -> list[str]:
    """What a person is told to type, as the shell would read it, after `nst`."""
    (command,) = re.findall(r"o on with: (.*)$", text, re.MULTILINE)
    nst, *words = shlex.split(command)
    assert nst == "nst"
    return words


def refused(done: Result, kind: type[errors.NstError], words: str) -> errors.NstError:
    assert done.exit_code == 1
    assert type(done.exception) is kind, done.exception
    assert words in str(done.exception)
    return done.exception


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_ctrl_c_saves_the_picture_so_far_and_says_how_to_go_on(stylize, files, undisturbed, number):
    options = ["--iterations", ITERATIONS, "--save-every", 20, "--style-weight", 2]
    process = stylize.start(*options)
    first = process.stderr.readline()
    assert first.startswith(f"1/{ITERATIONS} iterations")
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "")
    *_, what, remedy = err.splitlines()
    done = int(
        re.fullmatch(rf"Stopped: (\d+) of 60 iterations are done; the picture so far is {files.output}\.", what)[1]
    )
    assert "Stopping after the call in hand. Press Ctrl-C again to stop at once." in err
    assert done in (1, 20, 40)
    assert np.array_equal(pixels_of(files.output), undisturbed(done, style_weight=2))
    assert read_state(files.state).progress.iteration == done
    assert {"out.nst", "out.png"} <= set(files.left)

    words = command_in(remedy)
    assert words == [*stylize.words(*options), "--resume", str(files.state)]
    again = stylize.start_words(words)
    out, err = again.communicate(timeout=60)
    assert (again.returncode, out) == (0, f"{files.output}\n"), err
    assert np.array_equal(pixels_of(files.output), undisturbed(style_weight=2))
    assert files.left == ["out-0020.png", "out-0040.png", "out-0060.png", "out.png"]


def test_ctrl_c_twice_stops_at_once_and_keeps_what_was_saved(stylize, files):
    process = stylize.start("--iterations", 1000)
    process.stderr.readline()
    process.send_signal(signal.SIGINT)
    while "Press Ctrl-C again" not in (line := process.stderr.readline()):
        assert line
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "Traceback" not in err
    assert read_state(files.state).progress.iteration >= 1


class Busy(prediction_service_pb2_grpc.PredictionServiceServicer):
    """A server whose queue is always full."""

    def Predict(self, request, context):  # noqa: N802
        context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "try later")


@contextlib.contextmanager
def serving(servicer: prediction_service_pb2_grpc.PredictionServiceServicer) -> Iterator[str]:
    """Its address."""
    server = grpc.server(ThreadPoolExecutor(1))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(None).wait()


@pytest.fixture
def busy() -> Iterator[str]:
    with serving(Busy()) as address:
        yield address


class Spoiled(prediction_service_pb2_grpc.PredictionServiceServicer):
    """The real server, but from some iteration on the losses are NaN."""

    def __init__(self, behind: str, from_iteration: int) -> None:
        self._real = server_at(behind)
        self._left = from_iteration

    def Predict(self, request, context):  # noqa: N802
        reply = self._real.prediction.Predict(request, timeout=60)
        if "losses" in reply.outputs:
            losses = array_of(reply.outputs["losses"]).copy()
            losses[max(self._left, 0) :] = np.nan
            self._left -= len(losses)
            reply.outputs["losses"].CopyFrom(tensor_of(losses))
        return reply


@pytest.fixture
def spoiled(server) -> Iterator[Callable[[int], str]]:
    """Starts one, and gives its address."""
    with contextlib.ExitStack() as stack:
        yield lambda from_iteration: stack.enter_context(serving(Spoiled(server.address, from_iteration)))


@pytest.mark.parametrize("kept", [False, True])
def test_a_run_that_diverges_keeps_its_best_picture(stylize, files, spoiled, undisturbed, kept: bool):
    state = ["--state", files.state] if kept else []
    done = stylize("--iterations", 20, "--save-every", 5, "--quiet", *state, server=spoiled(12))
    words = f"no longer finite at iteration 12. The best picture is kept, that after 10 iterations: {files.output}."
    error = refused(done, errors.Diverged, words)
    assert error.remedy == "Use smaller weights or a smaller learning rate."
    assert np.array_equal(pixels_of(files.output), undisturbed(10))
    assert (files.state.name in files.left) == kept


def test_a_run_that_diverges_at_once_leaves_an_older_picture_alone(stylize, files, spoiled):
    files.output.write_text("an older picture")
    refused(stylize("--iterations", 9, server=spoiled(0)), errors.Diverged, "no longer finite at iteration 0.")
    assert (files.left, files.output.read_text()) == (["out.png"], "an older picture")


def test_a_diverged_run_whose_best_picture_cannot_be_written_stays_saved(stylize, files, spoiled):
    files.output.mkdir()  # a folder came there since the run began
    folder = files.output.rename(files.output.with_name("later"))
    process = stylize.start("--iterations", 20, "--save-every", 5, server=spoiled(12))
    process.stderr.readline()
    folder.rename(files.output)
    _, err = process.communicate(timeout=60)
    assert "PictureError: " in err
    assert process.returncode == 1
    assert f"--resume '{files.state}'" in err
    assert read_state(files.state).progress.iteration >= 1


def test_a_second_command_does_not_touch_the_run_of_the_first(stylize, files, undisturbed):
    process = stylize.start("--iterations", ITERATIONS, "--save-every", 10)
    process.stderr.readline()
    refused(stylize("--iterations", 2), StateFileError, "out.nst holds another run.")
    out, err = process.communicate(timeout=60)
    assert out == f"{files.output}\n", err
    assert np.array_equal(pixels_of(files.output), undisturbed())


def stop_while_waiting(process: subprocess.Popen[str]) -> str:
    """Presses Ctrl-C when it says that it waits for its server."""
    assert process.stderr.readline().endswith("RESOURCE_EXHAUSTED: try later. Waiting for it.\n")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    return err


def test_a_run_that_is_stopped_before_its_first_iteration_leaves_nothing(stylize, files, busy):
    err = stop_while_waiting(stylize.start(server=busy))
    assert err.splitlines()[1:] == ["Stopped: Nothing is done yet.", "Start it again."]
    assert files.left == []


def test_a_resumed_run_that_is_stopped_before_it_went_on_says_how_to_go_on(
    stylize, files, halfway, busy, server, undisturbed
):
    """With --state the run is not in that file yet, but still in the other one."""
    before = halfway.rename(halfway.with_name("before.nst"))
    err = stop_while_waiting(stylize.start("--resume", before, "--state", files.state, server=busy))
    assert "20 of 60 iterations are done" in err
    words = command_in(err)
    assert words[-2:] == ["--resume", str(before)]
    done = CliRunner().invoke(app, [server.address if word == busy else word for word in words])
    assert done.exit_code == 0, done.exception
    assert np.array_equal(pixels_of(files.output), undisturbed())
    assert files.left == ["before.nst", "out.nst", "out.png"]


def test_lines_on_a_pipe_and_nothing_but_the_path_on_stdout(stylize, files):
    done = stylize("--iterations", 40, "--save-every", 20)
    assert (done.exit_code, done.stdout) == (0, f"{files.output}\n")
    assert re.sub(r"\d[\d.e+-]*", "N", done.stderr).splitlines() == [
        *["N/N iterations, N/s, N s left; total N, content N, style N, total variation N"] * 3,
        "N iterations in N s; total loss N to N",
    ]


def test_json_lines_parse_and_quiet_is_silent(stylize):
    done = stylize("--iterations", 40, "--save-every", 20, "--json")
    lines = [json.loads(line) for line in done.stderr.splitlines()[:-1]]
    assert [line["iteration"] for line in lines] == [1, 20, 40]
    assert json.loads(done.stdout)["iterations"] == 40
    done = stylize("--iterations", 2, "--quiet")
    assert (done.exit_code, done.stderr) == (0, "")


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


def test_a_run_that_is_done_but_for_its_files_writes_them(stylize, files, undisturbed):
    kept, gif = files.output.with_name("kept.nst"), files.output.with_name("run.gif")
    stylize("--iterations", 5, "--state", kept)
    files.output.unlink()
    done = stylize("--resume", kept, "--gif", gif)
    assert done.exit_code == 0, done.exception
    assert np.array_equal(pixels_of(files.output), undisturbed(5))
    with Image.open(gif) as animation:
        assert animation.n_frames == 2  # the content and the result
    assert files.left == ["out.png", "run.gif"]


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
    error = refused(result, errors.RequestRefused, f"must come from a run with the same {name},")
    assert "go on with" not in error.remedy.lower()  # the same command would be refused again
    assert (files.left, files.state.read_bytes()) == (["out.nst"], before)


def test_a_state_file_in_the_way_is_refused_and_kept(stylize, files, halfway):
    before = halfway.read_bytes()
    error = refused(stylize("--iterations", 2, server=NOWHERE), StateFileError, "out.nst holds another run.")
    assert f"--resume {halfway}" in error.remedy
    refused(stylize("--state", halfway, server=NOWHERE), StateFileError, "out.nst holds another run.")
    (files.output.parent / "else.nst").write_bytes(before)
    refused(stylize("--resume", files.output.parent / "else.nst", server=NOWHERE), errors.ServerUnavailable, "Nothing")
    assert halfway.read_bytes() == before


def test_a_picture_that_is_read_is_not_overwritten(stylize, files, content):
    """Else Ctrl-C would leave the picture so far in the place of the content, and the run could not go on."""
    done = CliRunner().invoke(app, [*stylize.words(server=NOWHERE), "-o", str(files.content)])
    refused(done, errors.PictureError, "content.png is read: it cannot be written too.")
    refused(stylize("--preview", files.style, server=NOWHERE), errors.PictureError, "style.png is read")
    assert np.array_equal(pixels_of(files.content), content)


def test_all_that_is_wanted_beside_the_picture_appears(stylize, files, undisturbed):
    folder = files.output.parent
    names = {
        "--preview": "now.jpg",
        "--gif": "run.gif",
        "--strip": "s.png",
        "--loss-plot": "p.png",
        "--losses": "l.csv",
    }
    options = [word for option, name in names.items() for word in (option, folder / name)]
    done = stylize("--iterations", 10, "--save-every", 5, *options)
    assert done.exit_code == 0, done.exception
    assert files.left == sorted([*names.values(), "out-0005.png", "out-0010.png", "out.png"])
    assert np.array_equal(pixels_of(folder / "out-0005.png"), undisturbed(5))
    assert np.array_equal(pixels_of(folder / "out-0010.png"), pixels_of(files.output))
    with Image.open(folder / "run.gif") as animation:
        assert 3 <= animation.n_frames <= LIMIT
    assert len((folder / "l.csv").read_text().splitlines()) == 11


@pytest.mark.parametrize(
    ("option", "name", "words"),
    [
        ("--preview", "now.xyz", "has no suffix of a picture format"),
        ("--gif", "run.png", "has no suffix of an animation"),
        ("--strip", "nowhere/s.png", "There is no folder"),
        ("--loss-plot", "p.csv", "has no suffix of a picture format"),
        ("--losses", "l.txt", "has no suffix of a table"),
        ("--state", "state.png", "has no suffix of a saved run"),
        ("-o", ".", "has no suffix of a picture format"),
        ("-o", "/", "has no suffix of a picture format"),
    ],
)
def test_a_file_that_cannot_be_written_is_refused_before_the_server_is_asked(stylize, files, option, name, words):
    place = name if name in "./" else files.output.parent / name
    refused(stylize(option, place, server=NOWHERE), errors.PictureError, words)


def test_a_lost_server_leaves_the_way_on(stylize, files, halfway):
    error = refused(
        stylize("--resume", halfway, server=NOWHERE), errors.ServerUnavailable, f"Nothing answers at {NOWHERE}"
    )
    assert f"--resume {shlex.quote(str(halfway))}" in error.remedy
    assert read_state(halfway).progress.iteration == 20


def start_and_fill_the_disk(stylize: Cli, most_bytes: int, *options: object) -> tuple[int, str, str]:
    """From the first line on no file of the process may be longer."""
    process = stylize.start("--iterations", ITERATIONS, "--save-every", 20, *options)
    process.stderr.readline()
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux lets a process limit another one")
def test_a_disk_that_fills_up_loses_nothing(stylize, files, undisturbed):
    returncode, out, err = start_and_fill_the_disk(stylize, 1000, "--preview", files.output.with_name("now.png"))
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


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux lets a process limit another one")
def test_a_run_that_cannot_be_saved_gives_its_picture(stylize, files, undisturbed):
    returncode, out, err = start_and_fill_the_disk(stylize, 50_000)
    assert (returncode, out) == (0, f"{files.output}\n"), err
    assert np.array_equal(pixels_of(files.output), undisturbed())
    assert files.state.name not in files.left


@pytest.mark.parametrize("damage", [b"", b"a letter"])
def test_a_file_that_holds_no_run_is_named(stylize, files, damage: bytes):
    files.state.write_bytes(damage)
    error = refused(stylize("--resume", files.state, server=NOWHERE), StateFileError, "is not a saved run.")
    assert "--resume" in error.remedy
    assert files.state.read_bytes() == damage
