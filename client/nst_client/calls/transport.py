"""The one place that speaks gRPC and turns its errors into ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import grpc

from nst_client import errors
from nst_client.calls.refusals import is_out_of_memory, plain, refused

OPTIONS = [
    ("grpc.max_receive_message_length", -1),  # the default, 4 MiB, is less than one large picture
    ("grpc.max_send_message_length", -1),
    ("grpc.enable_retries", 0),  # a run costs minutes: repeating one is the caller's decision
    ("grpc.max_reconnect_backoff_ms", 1000),  # the default, 2 minutes, would miss a server that has come up
]

# gRPC counts nanoseconds in 64 bits, and what overflows there expires at once; this is three years.
LONGEST_DEADLINE_SECONDS = 1e8

ErrorClass = type[errors.NstError]
SERVER_LOG = "Look into the server's log, or try again."

# Every status code, its meaning here and what to do. A test compares this table with grpc's own.
STATUS: dict[grpc.StatusCode, tuple[ErrorClass, str]] = {
    grpc.StatusCode.UNAVAILABLE: (
        errors.ServerUnavailable,
        "Start it with `nst serve MODEL_DIR`, or name another server with --server HOST:PORT.",
    ),
    grpc.StatusCode.NOT_FOUND: (
        errors.ModelNotFound,
        "Name the served model with --model-name; `nst status` shows whether it is loaded.",
    ),
    grpc.StatusCode.FAILED_PRECONDITION: (
        errors.SignatureNotFound,
        "Serve a model written by `nst export`.",
    ),
    grpc.StatusCode.INVALID_ARGUMENT: (errors.RequestRefused, "Change that input and call again."),
    grpc.StatusCode.OUT_OF_RANGE: (errors.RequestRefused, "Change that input and call again."),
    grpc.StatusCode.DEADLINE_EXCEEDED: (
        errors.DeadlineExceeded,
        "Ask for fewer iterations or a smaller size, or allow more time with --deadline SECONDS.",
    ),
    grpc.StatusCode.RESOURCE_EXHAUSTED: (
        errors.ServerBusy,
        "Try again later, or with a smaller size.",
    ),
    grpc.StatusCode.UNIMPLEMENTED: (
        errors.ServerFailed,
        "Check that the address is that of a TensorFlow Serving gRPC port (8500, not REST's 8501).",
    ),
    grpc.StatusCode.PERMISSION_DENIED: (errors.ServerFailed, "Ask the server's operator for access."),
    grpc.StatusCode.UNAUTHENTICATED: (errors.ServerFailed, "Ask the server's operator for access."),
    grpc.StatusCode.CANCELLED: (errors.ServerStopping, "Try again."),
    grpc.StatusCode.UNKNOWN: (errors.ServerFailed, SERVER_LOG),
    grpc.StatusCode.INTERNAL: (errors.ServerFailed, SERVER_LOG),
    grpc.StatusCode.ABORTED: (errors.ServerFailed, SERVER_LOG),
    grpc.StatusCode.ALREADY_EXISTS: (errors.ServerFailed, SERVER_LOG),
    grpc.StatusCode.DATA_LOSS: (errors.ServerFailed, SERVER_LOG),
}


class Tls(NamedTuple):
    """What a TLS connection needs, in PEM. All None: the system's own authorities, and no client certificate."""

    authority: bytes | None = None  # certificates of the authorities that may have signed the server's
    certificate: bytes | None = None  # the client's own, for mutual TLS
    key: bytes | None = None  # of the client's certificate


def open_channel(address: str, tls: Tls | None = None) -> grpc.Channel:
    """A channel without message limits; it connects at the first call.

    An address that stands for several servers, `dns:///NAME:PORT` or `ipv4:A:PORT,B:PORT`, has its calls
    spread over them in turn.
    """
    several = ":///" in address or address.startswith(("ipv4:", "ipv6:"))
    options = [*OPTIONS, ("grpc.lb_policy_name", "round_robin")] if several else OPTIONS
    if tls is None:
        return grpc.insecure_channel(address, options=options)
    credentials = grpc.ssl_channel_credentials(tls.authority, tls.key, tls.certificate)
    return grpc.secure_channel(address, credentials, options=options)


SERVER_AT = "The server at"  # who is called, as messages have it before an address


def call(
    method: Callable[..., Any], request: Any, *, address: str, deadline_seconds: float, callee: str = SERVER_AT
) -> Any:
    """One unary call.

    Raises:
        NstError: of the class that `STATUS` gives for the call's status.
    """
    try:
        return method(request, timeout=min(deadline_seconds, LONGEST_DEADLINE_SECONDS))
    except grpc.RpcError as error:
        raise explained(error.code(), error.details() or "", address, deadline_seconds, callee) from error


def explained(
    code: grpc.StatusCode, details: str, address: str, deadline_seconds: float, callee: str = SERVER_AT
) -> errors.NstError:
    """The error that stands for a failed call."""
    kind, remedy = STATUS[code]
    if kind is errors.RequestRefused:
        return refused(f"{callee.rsplit(' ', 1)[0]} refused the request: {plain(details)}", details)
    if kind is errors.ServerBusy and is_out_of_memory(details):
        kind, remedy = errors.OutOfMemory, "Use a smaller size."
    match code:
        case grpc.StatusCode.UNAVAILABLE:
            message = f"Nothing answers at {address} ({plain(details)})."
        case grpc.StatusCode.DEADLINE_EXCEEDED:
            message = f"{callee} {address} did not answer within {deadline_seconds:g} s."
        case grpc.StatusCode.NOT_FOUND:
            message = f"{callee} {address} has no such model or version: {plain(details)}"
        case _:
            message = f"{callee} {address} answered {code.name}: {plain(details) or 'no text'}"
    return kind(message, remedy)
