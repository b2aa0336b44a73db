"""Servers and clients that are killed at any moment: the picture is that of a run that nobody disturbed."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from nst_client import StyleClient, errors
from nst_client.calls.chunk_size import ChunkSize
from nst_client.calls.run import Patience
from nst_client.files.pictures import Picture, read_picture, write_picture
from nst_client.jobs.state_file import read_state
from nst_export.export import export_version
from nst_graph.limits import Limits
from tests.exports import WIDTH_DIVISOR

pytestmark = pytest.mark.slow

TIMES = 20
ITERATIONS = 240
SECONDS_PER_CALL = 0.1  # so that a run of a second or two has many calls, and many moments between them
MOST_IN_A_CALL = 20  # iterations, for the same on a fast machine
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}

# `nst serve`, but for a pause after the imports, so that the next server stands by while the last one is alive.
SERVE = """
import sys
from nst_export.quiet_import import import_tensorflow

import_tensorflow()
import nst_serving.server
from nst_client.cli import main

sys.stdin.readline()
sys.argv = ["nst", "serve", sys.argv[1], "--port", sys.argv[2], "--no-warm-up"]
main()
"""


class Server:
    """A process that begins to serve when it is told to."""

    def __init__(self, model_dir: Path, port: int) -> None:
        command = [sys.executable, "-c", SERVE, str(model_dir), str(port)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen(command, text=True, env=ENVIRONMENT, **pipes)

    def begin(self) -> None:
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()


class Service:
    """Servers of one model at one port, one after the other, and the next one always at hand."""

    def __init__(self, model_dir: Path, port: int) -> None:
        self._model_dir, self._port = model_dir, port
        self.address = f"127.0.0.1:{port}"
        self._now, self._next = (Server(model_dir, port) for _ in range(2))
        self._now.begin()

    def kill(self) -> None:
        """Kills the server and starts the next one."""
        self._now.kill()
        self._now = self._next
        self._now.begin()
        self._next = Server(self._model_dir, self._port)

    def close(self) -> None:
        for server in (self._now, self._next):
            server.kill()


@pytest.fixture(scope="module")
def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture(scope="module")
def service(tmp_path_factory, free_port) -> Iterator[Service]:
    model_dir = tmp_path_factory.mktemp("models") / "killed"
    limits = Limits(max_pixels=512 * 512, max_iterations=1000)
    export_version(model_dir, weights="random:0", limits=limits, width_divisor=WIDTH_DIVISOR)
    service = Service(model_dir, free_port)
    with StyleClient(service.address) as client:
        client.wait_until_available(120)
    yield service
    service.close()


def test_a_run_outlives_a_server_that_is_killed_at_any_moment(service, content, style):
    generator = np.random.default_rng(20)
    with StyleClient(service.address) as client:
        expected = client.stylize(content, style, iterations=ITERATIONS)
        begin = time.monotonic()
        client.stylize(content, style, iterations=ITERATIONS)
        duration = time.monotonic() - begin
        for _ in range(TIMES):
            troubles: list[errors.NstError] = []
            run = client.watch(
                content,
                style,
                iterations=ITERATIONS,
                stop_at_multiples_of=MOST_IN_A_CALL,
                chunk_size=ChunkSize(SECONDS_PER_CALL),
                patience=Patience(on_trouble=troubles.append, from_the_start=True),
            )
            killing = threading.Timer(generator.uniform(0, duration), service.kill)
            killing.start()
            calls = []
            for call in run:
                calls.append(call)
                if call.iteration == ITERATIONS - MOST_IN_A_CALL:
                    killing.join()  # so that, on a machine that has become faster, it still meets the run
            assert troubles
            assert calls[-1].image.tobytes() == expected.image.tobytes()
            assert np.concatenate([call.losses for call in calls]).tobytes() == expected.losses.tobytes()
            client.wait_until_available(120)


@pytest.fixture
def files(tmp_path: Path, content, style) -> list[Path]:
    write_picture(tmp_path / "content.png", Picture(content))
    write_picture(tmp_path / "style.png", Picture(style))
    return [tmp_path / "content.png", tmp_path / "style.png", tmp_path / "out.png"]


def test_a_client_that_is_killed_at_any_moment_goes_on_where_it_was_saved(server, client, files, content, style):
    options = ["--size", "0", "--iterations", "100", "--save-every", "5", "--json"]
    command = [sys.executable, "-m", "nst_client", "stylize", *map(str, files[:2]), "-o", str(files[2])]
    command += ["--server", server.address, *options]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    expected = client.stylize(content, style, iterations=100)
    state = files[2].with_name("out.png.nst")
    went_on = 0
    generator = np.random.default_rng(21)
    for _ in range(TIMES):
        with subprocess.Popen(command, env=ENVIRONMENT, **pipes) as process:
            for _ in range(generator.integers(0, 16)):  # of its events, which are more than 20
                process.stderr.readline()
            time.sleep(generator.uniform(0, SECONDS_PER_CALL))
            process.kill()
        resume = []
        if state.exists():
            assert 0 < read_state(state).progress.iteration <= 100
            resume, went_on = ["--resume", str(state)], went_on + 1
        done = subprocess.run([*command, *resume], env=ENVIRONMENT, check=True, **pipes)
        assert np.array_equal(read_picture(files[2]).pixels, expected.image)
        assert json.loads(done.stdout)["losses"]["last"]["total"] == float(expected.losses[-1, 0])
        assert not state.exists()
        files[2].unlink()
    assert went_on >= TIMES / 2  # the others were killed before their first call, or after the end
