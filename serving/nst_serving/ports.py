"""Whether ports are free, found out before TensorFlow Serving starts.

The server itself does not say so: seen on 2.20.0, a gRPC port of another program ends it with SIGSEGV after the model
has loaded, one of another tensorflow_model_server is shared with it (SO_REUSEPORT), a taken REST port is left out.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from collections.abc import Mapping


class PortError(OSError):
    """A port cannot be listened at; `option` is the command line's name for it."""

    def __init__(self, message: str, option: str, error: OSError) -> None:
        """Keeps the number of what the system said."""
        super().__init__(error.errno, message)
        self.option = option

    def __str__(self) -> str:
        return str(self.strerror)


def check_ports(host: str, ports: Mapping[str, int]) -> None:
    """Listens for a moment at all ports at once.

    Args:
        host: the address to listen at; empty is every one of this machine's.
        ports: gRPC's, and REST's if there is to be one, by the options that choose them: `--port`, `--rest-port`.

    Raises:
        PortError: one cannot be had.
    """
    with contextlib.ExitStack() as listeners:
        for option, port in ports.items():
            try:
                listeners.enter_context(_listener(host, port))
            except OSError as error:
                raise PortError(_reason(host, port, error), option, error) from error


def _listener(host: str, port: int) -> socket.socket:
    """A socket that listens, without SO_REUSEPORT: it shares its port with no other."""
    if host:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    if socket.has_dualstack_ipv6():
        return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
    return socket.create_server(("", port))


def _reason(host: str, port: int, error: OSError) -> str:
    where = f"Port {port}" + (f" of {host}" if host else "")
    if error.errno == errno.EADDRINUSE:
        return f"{where} is taken."
    known = error.errno is not None and error.errno > 0  # those of name resolution are negative
    return f"{where} cannot be listened at: {os.strerror(error.errno or 0) if known else error.strerror}."
