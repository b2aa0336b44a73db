"""`run_engine` prints a command, runs it as printed, and ends it when told to."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nst_client.cli import app
from nst_serving.launcher import LaunchError, docker_command, program_command, refuse_without_version, run_engine
from tests.events import GUARD_SECONDS, wait_until

PORTS = {"port": 8500, "rest_port": 8501}  # for what opens none
EVERYWHERE = "0.0.0.0"  # noqa: S104

# What the tests start instead of docker and tensorflow_model_server: it says how it was called, and waits.
PROGRAM = """#!/bin/sh
printf '%s\\n' "$0" "$TF_FORCE_GPU_ALLOW_GROWTH" "$@" > "{record}.new"
trap 'echo stopped > "{record}.end"; {at_signal}' TERM INT
mv "{record}.new" "{record}"
[ -z "{status}" ] || exit "{status}"
while :; do sleep 0.05; done
"""


@pytest.fixture
def model_dir(tmp_path):
    (tmp_path / "models, mine" / "3").mkdir(parents=True)
    return tmp_path / "models, mine"


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Puts a program in front of the PATH that ends with a status, or at a signal, or not even then."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)

    def install_program(name: str, status: str = "", *, ends: bool = True) -> Path:
        record = tmp_path / "record"
        (folder / name).write_text(PROGRAM.format(record=record, status=status, at_signal="exit 9" if ends else ""))
        (folder / name).chmod(0o755)
        return record

    return install_program


@pytest.fixture
def run_nst():
    """Runs the command line and returns the error that ended it."""

    def run(*arguments: str) -> BaseException:
        finished = CliRunner().invoke(app, arguments)
        assert (finished.exit_code, finished.stdout) == (1, "")
        return finished.exception

    return run


def free_ports() -> dict[str, int]:
    with socket.create_server(("", 0)) as first, socket.create_server(("", 0)) as second:
        return {"port": first.getsockname()[1], "rest_port": second.getsockname()[1]}


def launch(engine: str, model_dir: Path, *, gpu: bool = False, grace_seconds: float = 60) -> subprocess.Popen:
    """`run_engine` in a process of its own, as `nst serve` has it."""
    ports = ", ".join(f"{name}={number}" for name, number in free_ports().items())
    code = (
        "import sys; from pathlib import Path; from nst_serving.launcher import run_engine; "
        f"run_engine({engine!r}, Path({str(model_dir)!r}), name='nst', host='0.0.0.0', {ports}, "
        f"gpu={gpu}, grace_seconds={grace_seconds}); assert 'tensorflow' not in sys.modules"
    )
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([sys.executable, "-c", code], text=True, **pipes)


def wait_for(path: Path) -> list[str]:
    wait_until(path.exists)
    return path.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("engine", ["docker", "tensorflow_model_server"])
def test_a_signal_reaches_the_program_and_ends_it_without_an_error(engine, signal_number, install, model_dir):
    record = install(engine)
    process = launch(engine, model_dir)
    wait_for(record)
    process.send_signal(signal_number)
    process.communicate(timeout=GUARD_SECONDS)
    assert process.returncode == 0
    assert record.with_name("record.end").exists()


def test_a_program_that_does_not_end_is_killed_after_its_grace_period(install, model_dir):
    record = install("docker", ends=False)
    process = launch("docker", model_dir, grace_seconds=0.5)
    wait_for(record)
    process.terminate()
    words = process.communicate(timeout=GUARD_SECONDS)[1].splitlines()[-1]
    assert words == "nst_serving.launcher.LaunchError: docker did not end within 0.5 s and was killed."


@pytest.mark.parametrize("gpu", [False, True])
@pytest.mark.parametrize("engine", ["docker", "tensorflow_model_server"])
def test_the_command_that_runs_is_the_one_that_was_printed(engine, gpu, install, model_dir):
    record = install(engine)
    process = launch(engine, model_dir, gpu=gpu)
    program, growth, *arguments = wait_for(record)
    process.terminate()
    printed = shlex.split(process.communicate(timeout=GUARD_SECONDS)[0])
    environment, printed = printed[: printed.index(engine)], printed[printed.index(engine) :]
    assert Path(program).name == printed[0]
    assert arguments == printed[1:]
    assert environment == (["env", "TF_FORCE_GPU_ALLOW_GROWTH=true"] if growth else [])
    assert bool(growth) == (gpu and engine == "tensorflow_model_server")


def test_a_dry_run_needs_no_program(model_dir, monkeypatch, capsys):
    monkeypatch.setenv("PATH", "")
    run_engine("docker", model_dir, name="nst", host="127.0.0.1", dry_run=True, **PORTS)
    assert capsys.readouterr().out.startswith("docker run --rm --init ")


@pytest.mark.parametrize("engine", ["docker", "tensorflow_model_server"])
def test_a_missing_program_is_explained(engine, model_dir, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(LaunchError, match=f"no program {engine}") as caught:
        run_engine(engine, model_dir, name="nst", host=EVERYWHERE, **PORTS)
    assert "--engine embedded" in caught.value.remedy


@pytest.mark.parametrize("engine", ["embedded", "docker", "tensorflow_model_server"])
def test_every_engine_refuses_a_folder_without_a_version_at_once(engine, tmp_path, monkeypatch, run_nst):
    (tmp_path / "models" / "nst" / "1").mkdir(parents=True)
    (tmp_path / "models" / "nst" / "1" / "saved_model.pb").touch()
    monkeypatch.chdir(tmp_path)
    error = run_nst("serve", "models/nst/1", "--engine", engine)
    assert str(error) == "models/nst/1 is a version, not a model's folder."
    assert error.remedy == "Name its parent models/nst."


def test_a_version_folder_that_cannot_be_read_is_refused(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(LaunchError, match="There is no folder"):
        refuse_without_version(tmp_path / "loop")


@pytest.mark.parametrize("engine", ["embedded", "docker"])
def test_a_path_that_is_not_utf_8_is_refused(engine, tmp_path, run_nst):
    error = run_nst("serve", str(tmp_path / os.fsdecode(b"\xff")), "--engine", engine)
    assert isinstance(error, LaunchError)
    assert "is not UTF-8" in str(error)
    assert error.remedy == "Rename that folder, or name another one."


def test_a_free_port_is_refused(model_dir):
    with pytest.raises(LaunchError, match="free port"):
        run_engine("docker", model_dir, name="nst", host="127.0.0.1", port=0, rest_port=0)


@pytest.mark.parametrize("engine", ["docker", "tensorflow_model_server"])
@pytest.mark.parametrize(("taken", "option"), [("port", "--port"), ("rest_port", "--rest-port")])
def test_a_taken_port_is_refused_before_the_program_starts(engine, taken, option, install, model_dir):
    record = install(engine)
    with socket.create_server(("127.0.0.1", 0)) as other:
        ports = free_ports() | {taken: other.getsockname()[1]}
        with pytest.raises(LaunchError, match=f"Port {ports[taken]} .*is taken") as caught:
            run_engine(engine, model_dir, name="nst", host="127.0.0.1", **ports)
    assert f"another with {option}" in caught.value.remedy
    assert not record.exists()


def test_one_port_for_both_protocols_is_refused(install, model_dir):
    record = install("docker")
    port = free_ports()["port"]
    with pytest.raises(LaunchError, match=f"cannot share port {port}"):
        run_engine("docker", model_dir, name="nst", host="127.0.0.1", port=port, rest_port=port)
    assert not record.exists()


def test_a_program_that_ends_by_itself_is_an_error(install, model_dir):
    install("tensorflow_model_server", status="255")
    with pytest.raises(LaunchError, match="exit status 255"):
        run_engine("tensorflow_model_server", model_dir, name="nst", host=EVERYWHERE, **free_ports())


def test_an_image_that_docker_cannot_start_has_an_older_one_for_a_remedy(install, model_dir):
    install("docker", status="125")
    with pytest.raises(LaunchError, match="could not start the container") as caught:
        run_engine("docker", model_dir, name="nst", host="127.0.0.1", gpu=True, **free_ports())
    assert "tensorflow/serving:2.20.0-gpu" in caught.value.remedy
    assert "--image-version 2.19.0" in caught.value.remedy


def test_listening_at_every_address_is_said_when_it_was_not_asked_for(model_dir, capsys):
    run_engine("tensorflow_model_server", model_dir, name="nst", host="127.0.0.1", dry_run=True, **PORTS)
    assert "listens at every address" in capsys.readouterr().err
    run_engine("tensorflow_model_server", model_dir, name="nst", host=EVERYWHERE, dry_run=True, **PORTS)
    assert not capsys.readouterr().err


@pytest.mark.parametrize("version", ["2.20.0", "2.19.1"])
def test_docker_gets_the_ports_the_folder_and_the_image(version, model_dir):
    command = docker_command(model_dir, name="art", host="::1", gpu=True, image_version=version, **PORTS)
    assert command[4:8] == ["-p", "[::1]:8500:8500", "-p", "[::1]:8501:8501"]
    assert command[9] == f'type=bind,"source={model_dir}",target=/models/art,readonly'  # its name has a comma
    assert command[10:14] == ["--gpus", "1", "-e", "TF_FORCE_GPU_ALLOW_GROWTH=true"]
    assert command[14:17] == ["--entrypoint", "tensorflow_model_server", f"tensorflow/serving:{version}-gpu"]
    assert "--model_base_path=/models/art" in command[17:]


def test_without_rest_no_rest_port_is_opened(model_dir):
    ports = {"port": 9000, "rest_port": 0}
    command = docker_command(model_dir, name="nst", host=EVERYWHERE, gpu=False, image_version="2.20.0", **ports)
    assert [entry for entry in command if entry.startswith("0.0.0.0:")] == ["0.0.0.0:9000:8500"]
    assert "--rest_api_port=0" in command
    assert "--rest_api_port=0" in program_command(model_dir, name="nst", gpu=False, **ports)


def test_the_program_gets_an_absolute_folder(model_dir, monkeypatch):
    monkeypatch.chdir(model_dir.parent)
    command = program_command(Path(model_dir.name), name="nst", gpu=False, **PORTS)
    assert f"--model_base_path={model_dir}" in command
