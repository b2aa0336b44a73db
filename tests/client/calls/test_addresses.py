"""What names a server, and which proxy stands before it."""

from __future__ import annotations

import pytest

from nst_client import StyleClient, errors
from nst_client.calls.addresses import (
    checked_address,
    exception_variable,
    hosts_of,
    is_on_this_machine,
    proxy_variable,
)

PROXY = "http://proxy.test:3128"


@pytest.mark.parametrize(
    "address",
    [
        "localhost:8500",
        "127.0.0.1:1",
        "[::1]:65535",
        "[fe80::1%eth0]:8500",
        "my_gpu-box.example.org:08500",
        "dns:///nst.default.svc:8500",
        "ipv4:10.0.0.1:8500,10.0.0.2:8500",
        "unix:/run/nst.sock",
    ],
)
def test_a_host_and_a_port_or_a_target_of_grpc_is_an_address(address: str):
    assert checked_address(f" {address}\n") == address


@pytest.mark.parametrize(
    ("address", "what", "remedy"),
    [
        ("", "there is no address", "as in localhost:8500."),
        ("http://localhost:8500", "it is a URL", "Name the gRPC port alone"),
        ("HTTP://10.0.0.7:8501/v1/models/nst", "it is a URL", "REST's is another one."),
        ("http:localhost:8500", "it is a URL", "Name the gRPC port alone"),
        ("grpc://localhost:8500", "it is a URL", "Name the gRPC port alone"),
        ("https://style.example.org", "gRPC has no https://", "pass --tls."),
        ("localhost:8501/v1/models/nst", "it holds a path", "REST's is another one."),
        ("localhost:8500/", "it holds a path", "Name the gRPC port alone"),
        ("one:8500,two:8500", "it holds a comma", "Pass --server once for each server."),
        ("localhost", "the port is missing", "as in localhost:8500."),
        ("localhost:", "the port is missing", "as in localhost:8500."),
        ("[::1]", "the port is missing", "as in localhost:8500."),
        (":8500", "the host is missing", "as in localhost:8500."),
        ("8500", "the host is missing", "as in localhost:8500."),
        ("::1:8500", "an IPv6 address needs brackets", "as in [::1]:8500."),
        ("fe80::1:8500", "an IPv6 address needs brackets", "as in [::1]:8500."),
        ("local host:8500", "the host's name cannot be one", "as in localhost:8500."),
        ("me@host:8500", "the host's name cannot be one", "as in localhost:8500."),
        ("localhost:http", "the port is no whole number from 1 to 65535", "as in localhost:8500."),
        ("localhost:0", "the port is no whole number from 1 to 65535", "as in localhost:8500."),
        ("localhost:65536", "the port is no whole number from 1 to 65535", "as in localhost:8500."),
    ],
)
def test_what_is_no_address_is_refused_with_its_own_remedy(address: str, what: str, remedy: str):
    with pytest.raises(errors.RequestRefused) as caught:
        StyleClient(["localhost:8500", address])
    assert str(caught.value) == f"server: must be HOST:PORT, got {address!r}: {what}."
    assert caught.value.remedy.endswith(remedy) or caught.value.remedy.startswith(remedy)
    assert caught.value.input == "server"


@pytest.mark.parametrize(
    ("address", "hosts"),
    [
        ("localhost:8500", ["localhost"]),
        ("[::1]:8500", ["::1"]),
        ("dns:///box:8500", ["box"]),
        ("dns://8.8.8.8/box:8500", ["box"]),
        ("dns:box:8500", ["box"]),
        ("ipv4:10.0.0.1:8500,10.0.0.2:8500", ["10.0.0.1", "10.0.0.2"]),
        ("ipv6:%5B::1%5D:8500", ["::1"]),
    ],
)
def test_the_hosts_of_an_address(address: str, hosts: list[str]):
    assert hosts_of(address) == hosts


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        *((here, True) for here in ("localhost:1", "LOCALHOST.:1", "nst.localhost:1", "127.0.0.1:1", "127.9.8.7:1")),
        *((here, True) for here in ("[::1]:1", "[::ffff:127.0.0.1]:1", "0.0.0.0:1", "unix:/tmp/nst.sock")),
        *((here, True) for here in ("dns:///localhost:1", "ipv4:127.0.0.1:1,127.0.0.1:2")),
        *((there, False) for there in ("10.0.0.1:1", "localhost.example.org:1", "notlocalhost:1", "[fe80::1]:1")),
        *((there, False) for there in ("ipv4:127.0.0.1:1,10.0.0.1:2", "dns:///box:1", "128.0.0.1:1")),
    ],
)
def test_what_is_on_this_machine(address: str, expected: bool):
    assert is_on_this_machine(address) is expected
    assert (proxy_variable(address, {"http_proxy": PROXY}) is None) is expected


@pytest.mark.parametrize(
    ("environment", "variable"),
    [
        ({}, None),
        ({"HTTPS_PROXY": PROXY, "all_proxy": PROXY}, None),  # gRPC reads neither
        ({"http_proxy": PROXY}, "http_proxy"),
        ({"http_proxy": PROXY, "https_proxy": PROXY}, "https_proxy"),
        ({"http_proxy": PROXY, "https_proxy": PROXY, "grpc_proxy": PROXY}, "grpc_proxy"),
        ({"http_proxy": PROXY, "grpc_proxy": ""}, None),  # empty: no proxy
        ({"http_proxy": "socks5://proxy.test:1080"}, None),
        ({"http_proxy": PROXY, "no_proxy": "localhost, .example.org"}, None),
        ({"http_proxy": PROXY, "no_proxy": "EXAMPLE.org"}, None),
        ({"http_proxy": PROXY, "no_proxy": "localhost,127.0.0.1"}, "http_proxy"),
        ({"http_proxy": PROXY, "no_proxy": "example.org", "no_grpc_proxy": ""}, "http_proxy"),
    ],
)
def test_the_proxy_is_the_one_that_grpc_uses(environment: dict[str, str], variable: str | None):
    assert proxy_variable("gpu.example.org:8500", environment) == variable


def test_a_range_of_addresses_makes_an_exception():
    environment = {"http_proxy": PROXY, "no_proxy": "10.1.0.0/16"}
    assert proxy_variable("10.1.2.3:8500", environment) is None
    assert proxy_variable("10.2.0.1:8500", environment) == "http_proxy"
    assert proxy_variable("box:8500", environment) == "http_proxy"


def test_the_variable_for_exceptions_is_the_one_that_counts():
    assert exception_variable({}) == "no_proxy"
    assert exception_variable({"no_proxy": "a", "no_grpc_proxy": "b"}) == "no_grpc_proxy"
