"""What the tests share: a VGG19 of full shape and 1/16 width, exported once and served over a real socket."""

from __future__ import annotations

import math
import os
import signal

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in a shell's background job: children would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.pop("grpc_proxy", None)  # a developer's proxy stands before no server of the tests
os.environ.pop("https_proxy", None)
os.environ.pop("http_proxy", None)
os.environ.pop("no_grpc_proxy", None)
os.environ["no_proxy"] = "localhost,127.0.0.1,::1"  # Python's own HTTP reads HTTP_PROXY too
os.environ.pop("NST_SERVER", None)
os.environ.pop("NST_MODEL_NAME", None)

from collections.abc import Generator, Iterator
from pathlib import Path

import google.protobuf
import keras
import numpy as np
import pytest
import tensorflow as tf
from xdist.remote import Producer

from nst_client import StyleClient
from nst_serving.options import ServerOptions, single_model
from nst_serving.server import EmbeddedServer
from tests.exports import Exports, write_light_version
from tests.garbage import Garbage, keep_what_is_imported, resident_bytes
from tests.scheduling import Full, LoadSharedScheduling

# Of a server that tests share. Each run has a session: 70 MB, and seconds of preparation for each signature.
RUNS_AT_ONCE = 2

FAST = "not slow"  # the mark expression of `make test`

# A worker's peak, as seen in the whole fast suite: 0.7 GB of imports, the rest models in the sessions of live servers,
# and traced ones. In the slow suite VGG19 has its full width.
WORKER_BYTES, SLOW_WORKER_BYTES = 1.5e9, 5.4e9


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """As many workers as there are processors and as memory allows, for `--numprocesses=auto`."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    each = WORKER_BYTES if config.option.markexpr == FAST else SLOW_WORKER_BYTES
    return max(1, min(os.cpu_count() or 1, int(memory / 2 // each)))  # half of it is for everybody else


def pytest_report_header() -> str:
    devices = ", ".join(device.name for device in tf.config.list_physical_devices())
    return f"tensorflow {tf.__version__}, keras {keras.__version__}, protobuf {google.protobuf.__version__}, {devices}"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadSharedScheduling:
    full = Full() if config.option.markexpr == FAST else Full(math.inf, math.inf)
    scheduling = LoadSharedScheduling(config, log, full)
    config.pluginmanager.register(scheduling)
    return scheduling


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    report.resident_bytes = resident_bytes()
    return report


def pytest_collection_finish() -> None:
    keep_what_is_imported()


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    """A smooth random picture with edges in it: uint8[height, width, 3]."""
    generator = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / 16
    phase = generator.uniform(0, 2 * np.pi, (3, 2))
    waves = [np.sin(x * (1 + c) + phase[c, 0]) + np.sign(np.sin(y + phase[c, 1])) for c in range(3)]
    noise = generator.normal(0, 8, (height, width, 3))
    return np.clip(127 + 55 * np.stack(waves, axis=-1) + noise, 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def garbage() -> Garbage:
    return Garbage()


@pytest.fixture(scope="module", autouse=True)
def memory_freed_after_each_large_file(garbage: Garbage) -> Iterator[None]:
    before = resident_bytes()
    yield
    garbage.clear_if_grown(before)


@pytest.fixture(autouse=True)
def memory_freed_after_each_large_test(garbage: Garbage) -> Iterator[None]:
    yield
    garbage.clear_if_grown()


@pytest.fixture
def content() -> np.ndarray:
    return picture(48, 64, seed=1)


@pytest.fixture
def style() -> np.ndarray:
    return picture(56, 40, seed=2)


@pytest.fixture(scope="session")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Exports:
    return Exports(tmp_path_factory)


@pytest.fixture(scope="session")
def tiny_model_dir(exports: Exports) -> Path:
    """A model's folder with version 1 in it."""
    return exports("tiny")


@pytest.fixture(scope="session")
def light_model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model's folder with version 1 in it, for tests of what comes and goes: see `write_light_version`."""
    return write_light_version(tmp_path_factory.mktemp("light") / "model" / "1").parent


@pytest.fixture(scope="session")
def server(tiny_model_dir: Path) -> Iterator[EmbeddedServer]:
    """The tiny model behind an embedded server on a free port of the loopback."""
    options = ServerOptions(port=0, rest_port=0, running=RUNS_AT_ONCE, warm_up=False)
    server = EmbeddedServer(single_model("nst", tiny_model_dir), options)
    yield server
    server.stop()


@pytest.fixture
def client(server: EmbeddedServer) -> Iterator[StyleClient]:
    with StyleClient(server.address) as client:
        yield client
