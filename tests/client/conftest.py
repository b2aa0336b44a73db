"""What the client's tests share: fresh Python processes, pictures made byte by byte, servers, and runs on them."""

from __future__ import annotations

import contextlib
import os
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
import pytest

from nst_client.calls.answers import Stylized
from nst_client.calls.style_client import StyleClient
from nst_client.files.pictures import Picture, write_picture
from nst_client.jobs.state_file import write_state
from nst_serving.options import ServerOptions, single_model
from nst_serving.server import EmbeddedServer
from tests.client.calls import run_calls
from tests.client.stylize import command as stylize_command
from tests.conftest import RUNS_AT_ONCE, picture


class Closable(Protocol):
    def close(self) -> None: ...


T = TypeVar("T", bound=Closable)


class Runner(Protocol):
    def __call__(self, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]: ...


def run_python(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """A fresh interpreter that finds the same packages as this one."""
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,  # a guard: beside the slow tests a demo has taken two minutes
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "COLUMNS": "200", **environment},
    )


@pytest.fixture
def python() -> Runner:
    """Runs a script in a fresh interpreter: python(code, *arguments)."""
    return lambda code, *arguments, **environment: run_python("-c", code, *arguments, **environment)


@pytest.fixture
def nst() -> Runner:
    """Runs the command line: nst("status", "--json")."""
    return lambda *arguments, **environment: run_python("-m", "nst_client", *arguments, **environment)


@pytest.fixture(scope="session")
def other_server(tiny_model_dir: Path) -> Iterator[EmbeddedServer]:
    """Another server of the same model, which sends tensors in their other encoding, raw bytes."""
    options = ServerOptions(port=0, tensor_content=True, running=RUNS_AT_ONCE, warm_up=False)
    server = EmbeddedServer(single_model("nst", tiny_model_dir), options)
    yield server
    server.stop()


@pytest.fixture
def png_bytes() -> Callable[..., bytes]:
    """A PNG file made by hand: png_bytes(width, height, depth, colour_type, rows)."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    def build(width: int, height: int, depth: int, colour_type: int, rows: list[bytes]) -> bytes:
        header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
        pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
        return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")

    return build


@pytest.fixture
def pixels() -> np.ndarray:
    """Random pixels: uint8[24, 32, 3]."""
    return np.random.default_rng(3).integers(0, 256, (24, 32, 3), np.uint8)


@pytest.fixture
def closing() -> Iterator[Callable[[T], T]]:
    """Closes what it is given when the test ends."""
    with contextlib.ExitStack() as stack:
        yield lambda thing: stack.enter_context(contextlib.closing(thing))


@pytest.fixture
def between(server: EmbeddedServer) -> run_calls.Between:
    return run_calls.Between(server)


@pytest.fixture
def whole(client: StyleClient, content: np.ndarray, style: np.ndarray) -> Stylized:
    """The run of `run_calls` in one call."""
    return client.stylize(content, style, iterations=run_calls.ITERATIONS)


@pytest.fixture
def files(tmp_path: Path, content: np.ndarray, style: np.ndarray) -> stylize_command.Files:
    """A content picture, a style picture, and where the result goes."""
    write_picture(tmp_path / "content.png", Picture(content))
    write_picture(tmp_path / "style.png", Picture(style))
    (tmp_path / "my results").mkdir()  # a blank, for the command that a person is told to type
    return stylize_command.Files(tmp_path / "content.png", tmp_path / "style.png", tmp_path / "my results" / "out.png")


@pytest.fixture(scope="session")
def stepped_server(server: EmbeddedServer) -> EmbeddedServer:
    """The server after its first step, which takes seconds on a busy machine and would make the next calls short."""
    with StyleClient(server.address) as client:
        list(client.watch(picture(48, 64), picture(48, 64), iterations=2))
    return server


@pytest.fixture
def stylize(files: stylize_command.Files, stepped_server: EmbeddedServer, closing) -> stylize_command.Cli:
    return closing(stylize_command.Cli(files, stepped_server.address))


@pytest.fixture
def undisturbed(client: StyleClient, content: np.ndarray, style: np.ndarray) -> Callable[..., np.ndarray]:
    """The picture of a run that nobody stops."""

    def run(iterations: int = stylize_command.ITERATIONS, **numbers: float) -> np.ndarray:
        return client.stylize(content, style, iterations=iterations, **numbers).image

    return run


@pytest.fixture
def halfway(client: StyleClient, content: np.ndarray, style: np.ndarray, files: stylize_command.Files) -> Path:
    """A run of `stylize_command.ITERATIONS` that was saved after 20."""
    calls = list(client.watch(content, style, iterations=20))
    write_state(files.state, stylize_command.saved(calls, iterations=stylize_command.ITERATIONS, size=0))
    return files.state


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path, Path]:
    """Three contents, two styles, and where the results go."""
    contents, styles = tmp_path / "photos", tmp_path / "paintings"
    for folder, names in ((contents, "abc"), (styles, "xy")):
        folder.mkdir()
        for seed, name in enumerate(names):
            write_picture(folder / f"{name}.png", Picture(picture(48, 40, seed=seed + 10 * len(names))))
    return contents, styles, tmp_path / "out"
