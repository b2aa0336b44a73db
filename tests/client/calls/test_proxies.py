"""A proxy in the environment stands before no server of this machine, and is named where it stands in the way."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator

import pytest

DEAD = "http://127.0.0.1:9"
ELSEWHERE = "gpu.example.test:8500"
EMPTY = {"no_proxy": "", "no_grpc_proxy": ""}


@pytest.mark.parametrize(
    "environment",
    [
        {"http_proxy": DEAD},
        {"https_proxy": DEAD, "no_proxy": "localhost"},  # the server is called by its number
        {"grpc_proxy": DEAD, "HTTP_PROXY": DEAD},
    ],
    ids="+".join,
)
def test_a_server_of_this_machine_is_called_directly(nst, server, environment: dict[str, str]):
    done = nst("status", "--server", server.address, **{**EMPTY, **environment})
    assert done.stdout == "nst version 1 AVAILABLE\n", done.stderr


@pytest.fixture
def refusing_proxy() -> Iterator[str]:
    class Refusing(http.server.BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            self.send_error(403)

        def log_message(self, *arguments: object) -> None:
            """Says nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as proxy:
        thread = threading.Thread(target=proxy.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{proxy.server_port}"
        proxy.shutdown()
        thread.join()


def test_a_proxy_that_is_down_is_named_with_the_way_around_it(nst):
    done = nst("status", "--server", ELSEWHERE, http_proxy=DEAD, no_proxy="localhost,127.0.0.1")
    assert done.returncode == 1
    what, remedy = done.stderr.splitlines()
    assert what.startswith(f"ServerUnavailable: Nothing answers at {ELSEWHERE} through the proxy of http_proxy (")
    way = "Put gpu.example.test into no_proxy to call it directly, or look whether that proxy lets gRPC through."
    assert remedy == way


def test_a_proxy_that_refuses_is_named_too(nst, refusing_proxy):
    done = nst("status", "--server", ELSEWHERE, https_proxy=refusing_proxy, no_grpc_proxy="localhost")
    assert f"Nothing answers at {ELSEWHERE} through the proxy of https_proxy (" in done.stderr
    assert "HTTP proxy returned response code 403" in done.stderr
    assert "Put gpu.example.test into no_grpc_proxy to call it directly" in done.stderr
