"""A port that cannot be had is found out by listening at it, whoever holds it and however."""

from __future__ import annotations

import errno
import socket

import pytest

from nst_serving.ports import PortError, check_ports

LOOPBACK = "127.0.0.1"


def listening(host: str, *, shared: bool = False) -> socket.socket:
    """A socket that listens at a free port; `shared` as TensorFlow Serving does, with SO_REUSEPORT."""
    return socket.create_server((host, 0), reuse_port=shared)


def is_free(port: int) -> bool:
    try:
        check_ports("", {"--port": port})
    except PortError:
        return False
    return True


@pytest.mark.parametrize("host", ["", LOOPBACK])
@pytest.mark.parametrize("holder", [LOOPBACK, "0.0.0.0"])  # noqa: S104
@pytest.mark.parametrize("shared", [False, True])
def test_a_port_that_another_listens_at_is_taken(host, holder, shared):
    with listening(holder, shared=shared) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortError, match=f"^Port {port}( of 127.0.0.1)? is taken.$") as refusal:
            check_ports(host, {"--port": port})
    assert (refusal.value.option, refusal.value.errno) == ("--port", errno.EADDRINUSE)


def test_the_option_named_is_the_one_whose_port_is_taken():
    with listening(LOOPBACK) as free, listening(LOOPBACK) as other:
        ports = {"--port": free.getsockname()[1], "--rest-port": other.getsockname()[1]}
        free.close()
        with pytest.raises(PortError) as refusal:
            check_ports(LOOPBACK, ports)
    assert refusal.value.option == "--rest-port"


def test_free_ports_are_free_afterwards_too():
    with listening("") as one, listening("") as two:
        ports = {"--port": one.getsockname()[1], "--rest-port": two.getsockname()[1]}
    check_ports("", ports)
    for port in ports.values():
        with socket.create_server(("", port)):
            assert not is_free(port)
        assert is_free(port)


def test_a_port_whose_last_connections_have_just_ended_is_free():
    with listening(LOOPBACK) as server:
        address = server.getsockname()
        with socket.create_connection(address) as client:
            accepted, _ = server.accept()
            accepted.close()  # the side that closes first keeps the port in TIME_WAIT
            client.recv(1)
    assert is_free(address[1])


def test_an_address_of_another_machine_is_told_apart():
    with pytest.raises(PortError, match=r"^Port 1234 of 192\.0\.2\.1 cannot be listened at: Cannot assign requested"):
        check_ports("192.0.2.1", {"--port": 1234})
