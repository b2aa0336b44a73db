"""Which of several servers a call goes to."""

from __future__ import annotations

import threading
from collections.abc import Callable

import grpc
import numpy as np
import pytest

from nst_client import errors
from nst_client.calls.servers import COOLDOWN_DEADLINES, COOLDOWN_SECONDS, Server, Servers
from nst_client.calls.style_client import StyleClient, VersionStatus
from tests.client.proxy import NOWHERE

Code = grpc.StatusCode


class Failed(grpc.RpcError):
    def __init__(self, code: grpc.StatusCode, details: str) -> None:
        self.code, self.details = (lambda: code), (lambda: details)


class Fleet:
    """Servers that answer with their own names, or fail with what `failing` has for them."""

    def __init__(self, *names: str) -> None:
        self.failing: dict[str, grpc.StatusCode] = {}
        self.details = "no"
        self.called: list[str] = []
        self.during: Callable[[str], None] = lambda name: None
        self.closed: list[str] = []
        self.members = [
            Server(name, self._method(name), None, lambda name=name: self.closed.append(name)) for name in names
        ]
        self.servers = Servers(self.members)

    def _method(self, name: str) -> Callable[..., str]:
        def method(request: object, timeout: float) -> str:
            self.called.append(name)
            self.during(name)
            if name in self.failing:
                raise Failed(self.failing[name], self.details)
            return name

        return method

    def call(self) -> str:
        reply, seconds = self.servers.call(lambda server: server.prediction, "request", 1.0)
        assert seconds >= 0
        return reply


@pytest.fixture
def fleet() -> Fleet:
    return Fleet("a", "b", "c")


def test_an_idle_client_stays_with_its_first_server(fleet):
    assert [fleet.call() for _ in range(3)] == ["a", "a", "a"]


def test_a_call_goes_to_the_least_busy_server(fleet):
    nested: list[str] = []

    def during(name: str) -> None:
        if len(fleet.called) < 5:
            nested.append(fleet.call())

    fleet.during = during
    fleet.call()
    assert fleet.called == ["a", "b", "c", "a", "b"]
    assert [server.calls for server in fleet.members] == [0, 0, 0]


def test_calls_of_many_threads_are_spread_evenly(fleet):
    everybody = threading.Barrier(6, timeout=20)
    fleet.during = lambda name: everybody.wait()
    threads = [threading.Thread(target=fleet.call) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(fleet.called) == ["a", "a", "b", "b", "c", "c"]
    assert [server.calls for server in fleet.members] == [0, 0, 0]


@pytest.mark.parametrize("code", [Code.UNAVAILABLE, Code.NOT_FOUND, Code.CANCELLED, Code.RESOURCE_EXHAUSTED])
def test_a_server_that_cannot_answer_now_hands_the_call_on_and_cools_down(fleet, code: grpc.StatusCode):
    fleet.failing = {"a": code}
    assert fleet.call() == "b"
    assert fleet.called == ["a", "b"]
    assert fleet.call() == "b"
    assert fleet.called == ["a", "b", "b"]
    fleet.members[0].cooldown_until -= COOLDOWN_SECONDS
    fleet.failing = {}
    assert fleet.call() == "a"


def test_a_server_that_falls_silent_among_others_and_one_that_is_back_are_told_once(fleet):
    fleet.servers.note = (notes := []).append
    fleet.call()
    fleet.failing = {"a": Code.UNAVAILABLE}
    for _ in range(3):
        fleet.call()
        fleet.members[0].cooldown_until = 0.0
    assert notes == ["Nothing answers at a (no). The others go on without it."]
    fleet.failing = {}
    assert (fleet.call(), fleet.call()) == ("a", "a")
    assert notes[1:] == ["The server at a answers again."]


def test_a_full_queue_is_no_silence_and_where_all_are_silent_none_goes_on(fleet):
    fleet.servers.note = (notes := []).append
    fleet.failing = {"a": Code.RESOURCE_EXHAUSTED}
    fleet.call()
    assert notes == []
    fleet.failing = dict.fromkeys("abc", Code.UNAVAILABLE)
    with pytest.raises(errors.ServerUnavailable):
        fleet.call()
    assert len(notes) == 2
    assert len(fleet.servers.failures(lambda server: server.prediction, "request", 1.0)) == 3
    assert len(notes) == 2


def test_the_last_answer_of_a_server_that_went_is_no_sign_of_its_return(fleet):
    fleet.servers.note = (notes := []).append

    def during(name: str) -> None:
        if len(fleet.called) == 1:
            fleet.failing = {"b": Code.UNAVAILABLE, "c": Code.UNAVAILABLE, "a": Code.UNAVAILABLE}
            with pytest.raises(errors.ServerUnavailable):
                fleet.call()
            fleet.failing = {}

    fleet.during = during
    assert fleet.call() == "a"
    assert [note.split()[0] for note in notes] == ["Nothing", "Nothing"]
    fleet.members[0].cooldown_until = 0.0
    assert fleet.call() == "a"
    assert notes[2:] == ["The server at a answers again."]


def test_those_that_are_silent_from_the_start_are_told_too(fleet):
    fleet.servers.note = (notes := []).append
    fleet.failing = {"a": Code.NOT_FOUND, "c": Code.UNAVAILABLE}
    assert len(fleet.servers.failures(lambda server: server.prediction, "request", 1.0)) == 2
    assert notes == [
        "The server at a has no such model or version: no. The others go on without it.",
        "Nothing answers at c (no). The others go on without it.",
    ]
    assert fleet.call() == "b"
    assert len(notes) == 2


def test_a_server_that_cools_down_is_called_where_no_other_answers(fleet):
    fleet.failing = {"a": Code.UNAVAILABLE}
    fleet.call()
    fleet.failing = {"b": Code.UNAVAILABLE, "c": Code.UNAVAILABLE}
    assert fleet.call() == "a"


def test_a_server_that_hangs_cools_down_and_its_call_is_not_repeated(fleet):
    fleet.failing = {"a": Code.DEADLINE_EXCEEDED}
    with pytest.raises(errors.DeadlineExceeded):
        fleet.call()
    assert fleet.called == ["a"]
    fleet.failing = {}
    assert fleet.call() == "b"
    fleet.members[0].cooldown_until -= COOLDOWN_SECONDS  # longer than one that was only gone
    assert fleet.call() == "b"
    fleet.members[0].cooldown_until -= COOLDOWN_DEADLINES * 1.0
    assert fleet.call() == "a"


@pytest.mark.parametrize("code", [Code.INVALID_ARGUMENT, Code.INTERNAL, Code.FAILED_PRECONDITION])
def test_an_answer_that_every_server_would_give_is_not_asked_for_twice(fleet, code: grpc.StatusCode):
    fleet.failing = {"a": code}
    with pytest.raises(errors.NstError):
        fleet.call()
    assert fleet.called == ["a"]
    fleet.failing = {}
    assert fleet.call() == "a"


def test_a_picture_too_large_for_one_servers_memory_does_not_go_round(fleet):
    fleet.failing, fleet.details = {"a": Code.RESOURCE_EXHAUSTED}, "OOM when allocating tensor"
    with pytest.raises(errors.OutOfMemory):
        fleet.call()
    assert fleet.called == ["a"]


def test_where_all_are_down_each_is_asked_once_and_the_error_names_one(fleet):
    fleet.failing = dict.fromkeys("abc", Code.UNAVAILABLE)
    for _ in range(2):
        fleet.called.clear()
        with pytest.raises(errors.ServerUnavailable, match=r"Nothing answers at [abc] \(no\)\."):
            fleet.call()
        assert sorted(fleet.called) == ["a", "b", "c"]


def test_a_server_that_is_only_busy_is_the_better_news(fleet):
    fleet.failing = {"a": Code.UNAVAILABLE, "b": Code.RESOURCE_EXHAUSTED, "c": Code.UNAVAILABLE}
    with pytest.raises(errors.ServerBusy):
        fleet.call()


def test_two_servers_at_one_address_are_two():
    fleet = Fleet("a", "a")
    fleet.members[1].prediction = fleet.members[0].prediction
    fleet.members[1].close = fleet.members[0].close
    fleet.failing = {"a": Code.UNAVAILABLE}
    with pytest.raises(errors.ServerUnavailable):
        fleet.call()
    assert fleet.called == ["a", "a"]


def test_closing_closes_all(fleet):
    fleet.servers.close()
    assert fleet.closed == ["a", "b", "c"]
    assert (len(fleet.servers), fleet.servers.addresses) == (3, ["a", "b", "c"])


def test_a_client_of_several_servers_works_while_one_of_them_lives(server, content, style):
    with StyleClient([NOWHERE, server.address, NOWHERE]) as client:
        assert (client.servers, client.address) == (2, f"{NOWHERE}, {server.address}")
        assert client.status() == [VersionStatus(1, "AVAILABLE", "")]
        (silent,) = client.silent_servers()
        assert str(silent).startswith(f"Nothing answers at {NOWHERE}")
        assert client.describe()["limits"]["max_iterations"] == 100_000
        alone = client.stylize(content, style, iterations=2).image
    with StyleClient(server.address) as client:
        assert np.array_equal(client.stylize(content, style, iterations=2).image, alone)


def test_a_client_without_an_address_is_refused():
    with pytest.raises(errors.RequestRefused, match="server: there is no address"):
        StyleClient([])


def test_a_client_of_dead_servers_says_so():
    with StyleClient([NOWHERE, "127.0.0.1:2"]) as client, pytest.raises(errors.ServerUnavailable):
        client.status()
