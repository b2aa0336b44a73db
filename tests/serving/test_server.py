from __future__ import annotations

import os
import re
import signal
import subprocess
import sys

import grpc
import pytest

from nst_client import StyleClient
from nst_serving.errors import STATUS_CODES, StartError
from nst_serving.options import ServerOptions, single_model
from nst_serving.server import EmbeddedServer
from tests.events import GUARD_SECONDS


def test_a_model_folder_without_versions_is_explained(tmp_path):
    with pytest.raises(StartError, match="is empty"):
        EmbeddedServer(single_model("nst", tmp_path), ServerOptions(port=0))
    with pytest.raises(StartError, match="There is no folder"):
        EmbeddedServer(single_model("nst", tmp_path / "nowhere"), ServerOptions(port=0))


def test_a_port_that_is_taken_is_explained(server, light_model_dir):
    with pytest.raises(StartError, match="the port is taken"):
        EmbeddedServer(single_model("nst", light_model_dir), ServerOptions(port=server.port, warm_up=False))


def test_tensorflows_error_codes_are_those_of_grpc():
    assert STATUS_CODES[3] is grpc.StatusCode.INVALID_ARGUMENT
    assert STATUS_CODES[4] is grpc.StatusCode.DEADLINE_EXCEEDED
    assert STATUS_CODES[8] is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert set(range(17)) == set(STATUS_CODES)


@pytest.mark.slow
@pytest.mark.parametrize("quiet", [False, True])
def test_the_command_serves_until_it_is_told_to_stop(tiny_model_dir, content, style, quiet):
    command = [sys.executable, "-m", "nst_client", "serve", str(tiny_model_dir), "--port", "0", "--model-name", "tiny"]
    command += ["--quiet"] * quiet
    environment = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        line = process.stdout.readline()
        address = re.fullmatch(r"Serving tiny version 1 at (127\.0\.0\.1:\d+) \(embedded engine\)\.\n", line)[1]
        with StyleClient(address, model="tiny") as client:
            assert client.stylize(content, style, iterations=1).version == 1
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=GUARD_SECONDS)
    assert process.returncode == 0
    stamp = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} INFO "
    loaded = rf"{stamp}Loaded tiny version 1 from .*/1 in \d+\.\d s\.\n"
    expected = r"Stopping\.\n" if quiet else rf"{loaded}Stopping\.\n{stamp}Unloaded tiny version 1\.\n"
    assert re.fullmatch(expected, errors), errors
