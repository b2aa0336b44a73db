"""Starts the real TensorFlow Serving, as a container or as an installed program.

TensorFlow is not imported: the server brings its own.
"""

from __future__ import annotations

import csv
import errno
import io
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Literal

from nst_export.saved_model.model_folder import unreadable, why_no_version
from nst_export.saved_model.version_folder import versions_in
from nst_serving.flags import MEMORY_GROWTH, server_arguments
from nst_serving.ports import PortError, check_ports

Engine = Literal["docker", "tensorflow_model_server"]

IMAGE = "tensorflow/serving"
IMAGE_VERSION = "2.20.0"  # the newest release; 2.19.1 knows the same flags

PORT_IN_IMAGE = 8500
REST_PORT_IN_IMAGE = 8501
DOCKER_COULD_NOT_START = frozenset({125, 126, 127})  # `docker run` itself failed, says its manual

INSTALL = {
    "docker": "Install Docker, or serve with --engine embedded, which needs nothing else.",
    "tensorflow_model_server": "Install the package tensorflow-model-server (Linux, x86-64), or serve with "
    "--engine docker or --engine embedded.",
}


class LaunchError(Exception):
    """A server was not started, or TensorFlow Serving ended by itself."""

    def __init__(self, message: str, remedy: str) -> None:
        """Keeps what happened, and what to do about it, apart."""
        super().__init__(message)
        self.remedy = remedy


def run_engine(
    engine: Engine,
    model_dir: Path,
    *,
    name: str,
    host: str,
    port: int,
    rest_port: int,
    gpu: bool = False,
    image_version: str = IMAGE_VERSION,
    dry_run: bool = False,
) -> None:
    """Prints the command, runs it, and returns when it has been told to stop.

    Args:
        engine: what runs the server.
        model_dir: holds version directories.
        name: the model's name in requests.
        host: address to listen at; the installed program always listens at all of them.
        port: of gRPC.
        rest_port: 0 is no REST.
        gpu: give the server one GPU.
        image_version: tag of the image, without -gpu.
        dry_run: print the command only.

    Raises:
        LaunchError: the program is missing, a port is taken, or the program ended by itself.
    """
    if port == 0:
        raise LaunchError(f"The engine {engine} cannot take a free port.", "Name one with --port.")
    ports = {"port": port, "rest_port": rest_port}
    if engine == "docker":
        command = docker_command(model_dir, name=name, host=host, gpu=gpu, image_version=image_version, **ports)
    else:
        command = program_command(model_dir, name=name, gpu=gpu, **ports)
    sys.stdout.write(shlex.join(command) + "\n")
    sys.stdout.flush()
    if engine == "tensorflow_model_server" and host != "0.0.0.0":  # noqa: S104
        sys.stderr.write(f"Note: tensorflow_model_server has no flag for --host {host}: it listens at every address.\n")
    if dry_run:
        return
    if shutil.which(engine) is None:
        raise LaunchError(f"There is no program {engine} on the PATH.", INSTALL[engine])
    refuse_unusable_ports(engine, host, port, rest_port)
    status = run_until_told_to_stop(command)
    if status:
        raise ended(engine, status, gpu=gpu, image_version=image_version)


def refuse_without_version(model_dir: Path) -> None:
    """Whichever engine is to serve the folder: TensorFlow Serving would wait for a version without end.

    Raises:
        LaunchError: it holds no version.
    """
    try:
        found = versions_in(model_dir)
    except OSError as error:
        raise LaunchError(*unreadable(model_dir, error)) from error
    if not found:
        raise LaunchError(*why_no_version(model_dir))


def refuse_unusable_ports(engine: Engine, host: str, port: int, rest_port: int) -> None:
    """The server would end later without a word on it, or share a port with another one."""
    ports = {"--port": port} | ({"--rest-port": rest_port} if rest_port else {})
    if port == rest_port:
        raise LaunchError(f"gRPC and REST cannot share port {port}.", "Choose another with --rest-port.")
    try:
        check_ports(host if engine == "docker" else "", ports)
    except PortError as error:
        if engine == "docker" and error.errno != errno.EADDRINUSE:
            return  # docker's service may do what this user may not, such as listen below 1024; it says if it cannot
        remedy = f"Stop what listens there, or choose another with {error.option}."
        raise LaunchError(str(error), remedy) from error


def program_command(model_dir: Path, *, name: str, port: int, rest_port: int, gpu: bool) -> list[str]:
    """An installed tensorflow_model_server, which finds the GPU itself if it was built for one."""
    arguments = server_arguments(name=name, base_path=str(model_dir.resolve()), port=port, rest_port=rest_port)
    environment = ["env", MEMORY_GROWTH] if gpu else []  # in the command, so that what is printed is what runs
    return [*environment, "tensorflow_model_server", *arguments]


def docker_command(
    model_dir: Path, *, name: str, host: str, port: int, rest_port: int, gpu: bool, image_version: str
) -> list[str]:
    """The official image, started as a plain program under an init process.

    As process 1 of a container the server ignores SIGTERM, and so does the shell script that the image
    starts by default; under --init it is neither, and ends at once.
    """
    base_path = f"/models/{name}"
    address = f"[{host}]" if ":" in host else host
    published = ["-p", f"{address}:{port}:{PORT_IN_IMAGE}"]
    if rest_port:
        published += ["-p", f"{address}:{rest_port}:{REST_PORT_IN_IMAGE}"]
    # --mount, not -v: it refuses a folder that is not there instead of making an empty one.
    mount = csv_line("type=bind", f"source={model_dir.resolve()}", f"target={base_path}", "readonly")
    device = ["--gpus", "1", "-e", MEMORY_GROWTH] if gpu else []
    image = f"{IMAGE}:{image_version}-gpu" if gpu else f"{IMAGE}:{image_version}"
    arguments = server_arguments(
        name=name, base_path=base_path, port=PORT_IN_IMAGE, rest_port=REST_PORT_IN_IMAGE if rest_port else 0
    )
    run = ["docker", "run", "--rm", "--init", *published, "--mount", mount, *device]
    return [*run, "--entrypoint", "tensorflow_model_server", image, *arguments]


def csv_line(*fields: str) -> str:
    """Docker reads --mount as a line of CSV: a comma in a path needs quotes."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(fields)
    return line.getvalue()


def run_until_told_to_stop(command: list[str]) -> int:
    """The program's exit status, or 0 when it ended because this process was told to stop."""
    child: list[subprocess.Popen[bytes]] = []
    stop_signals: list[int] = []

    def pass_on(number: int, frame: FrameType | None) -> None:
        del frame
        stop_signals.append(number)
        for process in child:
            process.send_signal(number)

    previous = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        child.append(subprocess.Popen(command))
        if stop_signals:  # between the handlers' setting and the program's start
            child[0].terminate()
        status = child[0].wait()
    finally:
        restore(previous)
    return 0 if stop_signals else status


def restore(handlers: dict[signal.Signals, Callable[[int, FrameType | None], object] | int | None]) -> None:
    """Puts back what `signal.signal` returned."""
    for number, handler in handlers.items():
        signal.signal(number, handler if handler is not None else signal.SIG_DFL)


def ended(engine: Engine, status: int, *, gpu: bool, image_version: str) -> LaunchError:
    """Why the program may have ended by itself."""
    message = f"{engine} ended with exit status {status}."
    remedy = "What it wrote above says why."
    if engine == "docker" and status in DOCKER_COULD_NOT_START:
        message = f"docker could not start the container (exit status {status})."
        if gpu:
            remedy = (
                f"What it wrote above says why. If there is no image {IMAGE}:{image_version}-gpu, ask for an older one "
                "with --image-version 2.19.0; if there is no GPU runtime, install NVIDIA's container toolkit."
            )
    return LaunchError(message, remedy)
