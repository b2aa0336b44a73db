"""The published weights: fetched once, checked always, and failures that say what else can be done."""

from __future__ import annotations

import hashlib
import http.server
import socket
import threading
from collections.abc import Iterator

import pytest

from nst_export.errors import WeightsError
from nst_export.weights.imagenet import fetch_imagenet_weights

CONTENT = b"weights of a network " * 5000
MD5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
OTHER_MD5 = "0" * 32


class Website:
    """A web server on a free port of the loopback that serves CONTENT and counts the requests."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        website = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                website.requests.append(self.path)
                self.send_response(200 if self.path != "/absent.h5" else 404)
                self.send_header("Content-Length", str(len(CONTENT)))
                self.end_headers()
                self.wfile.write(CONTENT[:1000] if self.path == "/cut_off.h5" else CONTENT)

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def website() -> Iterator[Website]:
    website = Website()
    yield website
    website.close()


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address at which nothing listens or can: it is taken."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


def assert_names_the_three_ways_out(refusal: pytest.ExceptionInfo[WeightsError]) -> None:
    assert "\n" not in str(refusal.value)
    for way in ("Try again", "--weights FILE", "--weights trained"):
        assert way in refusal.value.remedy


def test_the_file_is_fetched_once_and_then_taken_from_the_cache(tmp_path, nobody):
    website = Website()
    first = fetch_imagenet_weights(url=f"{website.address}/vgg19.h5", md5=MD5, cache=tmp_path)
    website.close()
    assert website.requests == ["/vgg19.h5"]
    assert first.read_bytes() == CONTENT
    assert first.is_relative_to(tmp_path)
    assert fetch_imagenet_weights(url=f"{nobody}/vgg19.h5", md5=MD5, cache=tmp_path) == first


def test_standard_output_stays_empty(tmp_path, website, capfd):
    fetch_imagenet_weights(url=f"{website.address}/vgg19.h5", md5=MD5, cache=tmp_path)
    output = capfd.readouterr()
    assert output.out == ""
    assert "Downloading" in output.err


def test_a_cached_file_with_a_wrong_digest_is_fetched_anew(tmp_path, website, capfd):
    url = f"{website.address}/vgg19.h5"
    file = fetch_imagenet_weights(url=url, md5=MD5, cache=tmp_path)
    file.write_bytes(CONTENT[:-1])
    assert fetch_imagenet_weights(url=url, md5=MD5, cache=tmp_path) == file
    assert file.read_bytes() == CONTENT
    assert len(website.requests) == 2
    assert capfd.readouterr().out == ""


def test_a_file_with_a_wrong_digest_is_refused_each_time(tmp_path, website):
    url = f"{website.address}/vgg19.h5"
    for _ in range(2):
        with pytest.raises(WeightsError, match=f"does not have the digest MD5 {OTHER_MD5}") as refusal:
            fetch_imagenet_weights(url=url, md5=OTHER_MD5, cache=tmp_path)
        assert url in str(refusal.value)
        assert_names_the_three_ways_out(refusal)


def test_a_refused_connection_is_explained(tmp_path, nobody):
    with pytest.raises(WeightsError, match=r"cannot be downloaded.*refused") as refusal:
        fetch_imagenet_weights(url=f"{nobody}/vgg19.h5", md5=MD5, cache=tmp_path)
    assert_names_the_three_ways_out(refusal)


@pytest.mark.parametrize(("page", "reason"), [("absent.h5", "404"), ("cut_off.h5", "retrieval incomplete")])
def test_an_answer_that_is_not_the_file_is_explained_and_not_kept(tmp_path, website, page, reason):
    with pytest.raises(WeightsError, match=rf"cannot be downloaded.*{reason}") as refusal:
        fetch_imagenet_weights(url=f"{website.address}/{page}", md5=MD5, cache=tmp_path)
    assert_names_the_three_ways_out(refusal)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_the_time_limit_holds_for_the_download_alone(tmp_path, website):
    before = socket.getdefaulttimeout()
    fetch_imagenet_weights(url=f"{website.address}/vgg19.h5", md5=MD5, cache=tmp_path)
    assert socket.getdefaulttimeout() == before


def test_a_server_that_never_answers_is_given_up(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/vgg19.h5"
        with pytest.raises(WeightsError, match=r"cannot be downloaded.*timed out") as refusal:
            fetch_imagenet_weights(url=url, md5=MD5, cache=tmp_path, timeout_seconds=0.2)
    assert_names_the_three_ways_out(refusal)
