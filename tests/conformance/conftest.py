"""The server under test: the one named by NST_TARGET, or else an embedded one with the tiny model."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from nst_serving.options import ServerOptions, single_model
from nst_serving.server import EmbeddedServer
from tests.conformance.calls import OPTIONS, Stubs, Target, stubs_of, target_at
from tests.conftest import RUNS_AT_ONCE

MODEL = "nst"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "fact(source): where the real server's behaviour was seen or read")


def start_embedded(model_dir: Path) -> tuple[EmbeddedServer, str, str]:
    """The server, its gRPC address and its REST address: the only lines that know how to build one."""
    options = ServerOptions(port=0, rest_port=0, running=RUNS_AT_ONCE, warm_up=False)
    server = EmbeddedServer(single_model(MODEL, model_dir), options)
    assert server.rest_address
    return server, server.address, server.rest_address


def next_port(address: str) -> str:
    """Where REST is by custom: at 8501 if gRPC is at 8500. No call of the protocol tells it."""
    host, _, port = address.rpartition(":")
    return f"{host}:{int(port) + 1}"


def served(request: pytest.FixtureRequest) -> Iterator[Target]:
    given = os.environ.get("NST_TARGET")
    if given:
        model = os.environ.get("NST_TARGET_MODEL", MODEL)
        yield target_at(given, os.environ.get("NST_TARGET_REST") or next_port(given), model)
        return
    server, address, rest = start_embedded(request.getfixturevalue("tiny_model_dir"))
    yield target_at(address, rest, MODEL)
    server.stop()


@pytest.fixture(scope="package")
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    """A server and what it says of itself. Nothing else is known of it."""
    yield from served(request)


@pytest.fixture(scope="module")
def expendable(request: pytest.FixtureRequest) -> Iterator[Target]:
    """A server for tests that would spoil it if it failed them: one of their own where it is the embedded one."""
    yield from served(request)


@pytest.fixture(scope="package")
def stubs(target: Target) -> Iterator[Stubs]:
    with grpc.insecure_channel(target.address, OPTIONS) as channel:
        yield stubs_of(channel)
