"""What the client's tests share: fresh Python processes, and picture files made byte by byte."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import numpy as np
import pytest

from nst_client.style_client import Stylized
from nst_serving.options import ServerOptions, single_model
from nst_serving.server import EmbeddedServer
from tests.client.between import ITERATIONS, Between


class Runner(Protocol):
    def __call__(self, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]: ...


def run_python(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """A fresh interpreter that finds the same packages as this one."""
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
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
    options = ServerOptions(port=0, tensor_content=True, warm_up=False)
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
def between(server: EmbeddedServer) -> Between:
    return Between(server)


@pytest.fixture
def whole(client, content, style) -> Stylized:
    """The run in one call."""
    return client.stylize(content, style, iterations=ITERATIONS)
