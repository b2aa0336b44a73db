"""The log says what an operator asks: what was loaded, what failed, what went, who was refused and why."""

from __future__ import annotations

import logging
import shutil
import urllib.error
import urllib.request

import grpc
import pytest

from nst_serving.log import one_line
from nst_serving.options import ServerOptions, single_model
from nst_serving.server import EmbeddedServer
from tests.events import wait_until
from tests.serving.conftest import long_request, stubs_at


@pytest.fixture
def model_dir(tmp_path, light_model_dir):
    shutil.copytree(light_model_dir, tmp_path / "nst")
    return tmp_path / "nst"


@pytest.fixture
def log(caplog):
    caplog.set_level(logging.INFO, "nst_serving")
    return caplog


def records(log) -> list[logging.LogRecord]:
    return [record for record in log.records if record.name == "nst_serving"]


def test_loads_failures_and_unloads_have_a_line_each(model_dir, log):
    options = ServerOptions(port=0, poll_seconds=0.05, warm_up=False)
    server = EmbeddedServer(single_model("nst", model_dir), options)
    (model_dir / "3").mkdir()
    wait_until(lambda: "Cannot load" in log.text)
    shutil.copytree(model_dir / "1", model_dir / "unfinished")
    (model_dir / "3").rmdir()
    (model_dir / "unfinished").rename(model_dir / "2")
    wait_until(lambda: "Unloaded" in log.text)
    server.stop()
    lines = [(record.levelname, record.message.partition(" in ")[0]) for record in records(log)]
    no_graph = (
        "NOT_FOUND: Specified file path does not appear to contain a SavedModel bundle "
        "(should have a file called `saved_model.pb`) Specified file path: "
    )
    assert lines == [
        ("INFO", f"Loaded nst version 1 from {model_dir / '1'}"),
        ("ERROR", f"Cannot load nst version 3 from {model_dir / '3'}: {no_graph}{model_dir / '3'}"),
        ("INFO", f"Loaded nst version 2 from {model_dir / '2'}"),
        ("INFO", "Unloaded nst version 1."),
        ("INFO", "Unloaded nst version 2."),
    ]


def test_a_folder_that_is_away_has_one_line_however_often_it_is_looked_at(model_dir, log, tmp_path):
    server = EmbeddedServer(single_model("nst", model_dir), ServerOptions(port=0, poll_seconds=0, warm_up=False))
    model_dir.rename(tmp_path / "away")
    for _ in range(3):
        server.catalog.refresh()
    (tmp_path / "away").rename(model_dir)
    server.catalog.refresh()
    server.stop()
    errors = [record.message for record in records(log) if record.levelname == "ERROR"]
    assert errors == [f"Cannot look for versions in {model_dir}: No such file or directory."]


def test_a_refused_call_says_what_was_called_from_where_and_why(server, log):
    with stubs_at(server.address) as (prediction, _), pytest.raises(grpc.RpcError):
        prediction.Predict(long_request(model="other\nmodel"), timeout=60)
    (line,) = [record.message for record in records(log) if record.levelname == "WARNING"]
    assert line.startswith("Refused Predict other model from ipv4:127.0.0.1:")
    assert line.endswith(": NOT_FOUND: Servable not found for request: Latest(other model)")


def test_a_refused_rest_call_has_a_line_too(server, log):
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(f"http://{server.rest_address}/v1/models/other?x=1", timeout=60)
    (line,) = [record.message for record in records(log) if record.levelname == "WARNING"]
    expected = (
        "Refused GET /v1/models/other?x=1 from 127.0.0.1: NOT_FOUND: Could not find any versions of model other?x=1"
    )
    assert line == expected


def test_what_a_client_sends_cannot_begin_a_line_of_its_own():
    assert one_line("a\r\n2026 INFO b\x1b[31m\u2028c") == "a 2026 INFO b [31m c"
