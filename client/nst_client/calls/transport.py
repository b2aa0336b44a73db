"""The one place that speaks gRPC."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import grpc

from nst_client.calls.addresses import is_on_this_machine
from nst_client.calls.failures import Call, explained

OPTIONS = [
    ("grpc.max_receive_message_length", -1),  # the default, 4 MiB, is less than one large picture
    ("grpc.max_send_message_length", -1),
    ("grpc.enable_retries", 0),  # a run costs minutes: repeating one is the caller's decision
    ("grpc.max_reconnect_backoff_ms", 1000),  # the default, 2 minutes, would miss a server that has come up
]

# gRPC counts nanoseconds in 64 bits, and what overflows there expires at once; this is three years.
LONGEST_DEADLINE_SECONDS = 1e8


class Tls(NamedTuple):
    """What a TLS connection needs, in PEM. All None: the system's own authorities, and no client certificate."""

    authority: bytes | None = None  # certificates of the authorities that may have signed the server's
    certificate: bytes | None = None  # the client's own, for mutual TLS
    key: bytes | None = None  # of the client's certificate


def open_channel(address: str, tls: Tls | None = None) -> grpc.Channel:
    """A channel without message limits; it connects at the first call.

    An address that stands for several servers, `dns:///NAME:PORT` or `ipv4:A:PORT,B:PORT`, has its calls
    spread over them in turn. An address of this machine is called directly whatever proxy the environment names.
    """
    options: list[tuple[str, int | str]] = [*OPTIONS]
    if ":///" in address or address.startswith(("ipv4:", "ipv6:")):
        options.append(("grpc.lb_policy_name", "round_robin"))
    if is_on_this_machine(address):
        options.append(("grpc.enable_http_proxy", 0))
    if tls is None:
        return grpc.insecure_channel(address, options=options)
    credentials = grpc.ssl_channel_credentials(tls.authority, tls.key, tls.certificate)
    return grpc.secure_channel(address, credentials, options=options)


def call(method: Callable[..., Any], request: Any, which: Call) -> Any:
    """One unary call.

    Raises:
        NstError: as `failures.explained` has it.
    """
    try:
        return method(request, timeout=min(which.deadline_seconds, LONGEST_DEADLINE_SECONDS))
    except grpc.RpcError as error:
        raise explained(error.code(), error.details() or "", which) from error
