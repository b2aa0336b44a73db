"""What a failed call means: an error of ours for every status code of gRPC, told apart by the words that come with it.

A code alone says too little: UNAVAILABLE is a server that is not there, one that speaks TLS, or a wrong port.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import grpc

from nst_client import errors
from nst_client.calls.addresses import exception_variable, hosts_of, proxy_variable
from nst_client.calls.refusals import plain, refused

Code = grpc.StatusCode
ErrorClass = type[errors.NstError]

SERVER_AT = "The server at"  # who is called, as messages have it before an address

EXPORT = "Serve a model written by `nst export`."
SERVER_LOG = "Look into the server's log, or try again."
SMALLER = "Use a smaller size."
START = "Start it with `nst serve MODEL_DIR`, or name another server with --server HOST:PORT."
UNANSWERED = "Look whether it hangs, or name another server."


class Call(NamedTuple):
    """What was called, as an error has to know it."""

    address: str
    deadline_seconds: float
    callee: str = SERVER_AT
    tls: bool = False
    computes: bool = True  # else it only asks for a status or the model card


# Every status code: the error that it stands for, and what to do, where none of the words below are in its text.
STATUS: dict[Code, tuple[ErrorClass, str]] = {
    Code.UNAVAILABLE: (errors.ServerUnavailable, START),
    Code.NOT_FOUND: (
        errors.ModelNotFound,
        "Name the served model with --model-name; `nst status` shows whether it is loaded.",
    ),
    Code.FAILED_PRECONDITION: (errors.ServerFailed, SERVER_LOG),
    Code.INVALID_ARGUMENT: (errors.RequestRefused, "Change that input and call again."),
    Code.OUT_OF_RANGE: (errors.RequestRefused, "Change that input and call again."),
    Code.DEADLINE_EXCEEDED: (
        errors.DeadlineExceeded,
        "Ask for fewer iterations or a smaller size, or allow more time with --deadline SECONDS.",
    ),
    Code.RESOURCE_EXHAUSTED: (errors.ServerBusy, "Try again later, or with a smaller size."),
    Code.UNIMPLEMENTED: (
        errors.ServerFailed,
        "Check that the address is that of a TensorFlow Serving gRPC port (8500, not REST's 8501).",
    ),
    Code.PERMISSION_DENIED: (errors.ServerFailed, "Ask the server's operator for access."),
    Code.UNAUTHENTICATED: (errors.ServerFailed, "Ask the server's operator for access."),
    Code.CANCELLED: (errors.ServerStopping, "Try again."),
    Code.UNKNOWN: (errors.ServerFailed, SERVER_LOG),
    Code.INTERNAL: (errors.ServerFailed, SERVER_LOG),
    Code.ABORTED: (errors.ServerFailed, SERVER_LOG),
    Code.ALREADY_EXISTS: (errors.ServerFailed, SERVER_LOG),
    Code.DATA_LOSS: (errors.ServerFailed, SERVER_LOG),
}


class Words(NamedTuple):
    """A text that gives its status code another meaning."""

    codes: tuple[Code, ...]
    pattern: str  # found anywhere in the text
    error: ErrorClass
    remedy: str


NO_ROOM = (Code.RESOURCE_EXHAUSTED, Code.INTERNAL, Code.UNKNOWN)

# Texts of TensorFlow, of its Serving and of gRPC, with the place in their sources or where they were seen.
WORDS = (
    # predict_util.cc, and TensorFlow's util.cc: a model of another version, or a server that fills in no defaults
    Words(
        (Code.INVALID_ARGUMENT,),
        r"input size does not match signature|Signature input alias|contains invalid name|Expects arg\[\d+\] to be",
        errors.SignatureNotFound,
        "Export the model again with this version of `nst export`, and serve it with TensorFlow Serving 2.14 or newer.",
    ),
    Words(
        (Code.INVALID_ARGUMENT,),  # server_core.cc
        "ModelSpec has no name",
        errors.ModelNotFound,
        "Name the served model with --model-name.",
    ),
    Words(
        (Code.INVALID_ARGUMENT,),  # batching_session.cc, batching_util.h
        r"Batching Run\(\)|Batched output",
        errors.ServerFailed,
        "Start the server without --enable_batching.",
    ),
    Words((Code.FAILED_PRECONDITION,), "[Ss]erving signature (key|name)", errors.SignatureNotFound, EXPORT),
    # resource_variable_ops.cc: seen after saved_model.pb was copied before its variables
    Words(
        (Code.FAILED_PRECONDITION, Code.NOT_FOUND),
        "Could not find variable|Error while reading resource variable",
        errors.IncompleteVersion,
        "Publish it again under a new number, by rename: copy it beside its place under another name first.",
    ),
    Words(
        (Code.NOT_FOUND,),  # manager.h, get_model_status_impl.cc
        r"Specific\(|Could not find version",
        errors.ModelNotFound,
        "Leave out --version, or name one that `nst status` shows as AVAILABLE.",
    ),
    Words(
        (Code.INVALID_ARGUMENT,),  # server_core.cc
        "servable version label",
        errors.ModelNotFound,
        "Leave out --label, or name one that `nst versions MODEL_DIR --server HOST:PORT` shows.",
    ),
    Words(
        (Code.RESOURCE_EXHAUSTED,),  # gRPC's message_size_filter.cc
        "message larger than max",
        errors.RequestRefused,
        "Use a smaller size, or have that limit raised: TensorFlow Serving itself takes 2 GB.",
    ),
    # TensorFlow's allocators, CUDA's libraries, the standard library of C++, and numpy
    Words(
        NO_ROOM,
        r"not enough memory|\bOOM\b|[Oo]ut of memory|bad_alloc|ALLOC_FAILED|(Unable|[Ff]ailed) to allocate|MemoryError",
        errors.OutOfMemory,
        SMALLER,
    ),
)


class Fault(NamedTuple):
    """Why there is no connection, by gRPC's text of an UNAVAILABLE."""

    pattern: str
    what: str  # about the server at `{address}`
    remedy: str
    got_through: bool = True  # something answered at that address: no proxy is to blame
    error: type[errors.ServerUnavailable] = errors.ServerUnavailable


CLOSED = r"Socket closed|[Cc]onnection reset|Broken pipe|GOAWAY"
WHILE_CONNECTING = rf"(failed to connect|all backends failing).*({CLOSED})"

# Seen with gRPC 1.85; the first that fits counts.
FAULTS = (
    Fault(
        r"http1\.x server|Expected SETTINGS frame",
        "What listens at {address} does not speak gRPC",
        "Name the gRPC port: of TensorFlow Serving 8500, where 8501 is REST's.",
        error=errors.WrongConnection,
    ),
    Fault(
        "WRONG_VERSION_NUMBER",
        "What listens at {address} does not speak TLS",
        "Leave out --tls, --ca, --cert and --key, or name a port with TLS.",
        error=errors.WrongConnection,
    ),
    Fault(
        "certificate has expired",
        "The certificate of the server at {address} has expired",
        "Have the server's operator renew it.",
        error=errors.WrongConnection,
    ),
    Fault(
        "CERTIFICATE_VERIFY_FAILED",
        "The server at {address} shows a certificate of an authority that is not trusted here",
        "Pass the certificate of its authority with --ca FILE.",
        error=errors.WrongConnection,
    ),
    Fault(
        "Hostname Verification",
        "The server at {address} shows a certificate for another name",
        "Name the server as its certificate does.",
        error=errors.WrongConnection,
    ),
    Fault(
        "security handshaker",
        "The certificates for {address} cannot be used",
        "Check the files of --ca, --cert and --key: certificates and a key in PEM, the key that of the certificate.",
        got_through=False,
        error=errors.WrongConnection,
    ),
    Fault("handshake failed", "The server at {address} begins no TLS connection", "Check --ca, --cert and --key."),
    Fault(
        "lookup error|DNS resolution failed",
        "The name in {address} is not known",
        "Check the host's name, and this machine's network.",
        got_through=False,
    ),
    Fault(
        "No route to host|unreachable|timed out",
        "The host in {address} cannot be reached",
        "Check the address, this machine's network and the firewalls between.",
        got_through=False,
    ),
)
CLOSED_WITHOUT_TLS = Fault(
    WHILE_CONNECTING,
    "What listens at {address} closes the connection at once",
    "Pass --tls, or --ca FILE, if the server speaks TLS; else check that this is its gRPC port.",
    got_through=False,
)
CLOSED_WITH_TLS = Fault(
    WHILE_CONNECTING,
    "What listens at {address} closes the TLS connection at once",
    "Pass --cert and --key if the server wants a client's certificate; else look into its log.",
    got_through=False,
)
LOST = Fault(
    CLOSED,
    "The server at {address} closed the connection in the middle of the call",
    "Look whether it is running and into its log, then try again.",
)


def explained(code: Code, details: str, call: Call) -> errors.NstError:
    """The error that stands for a failed call: what happened in one sentence, and what to do."""
    (kind, remedy), words = STATUS[code], plain(details)
    for row in WORDS:
        if code in row.codes and re.search(row.pattern, details):
            kind, remedy = row.error, row.remedy
            break
    else:
        if kind is errors.RequestRefused:
            return refused(f"{_who(call)} refused the request: {words}", details)
        if kind is errors.ServerUnavailable or (code is Code.UNKNOWN and "Stream removed" in details):
            return _unavailable(details, call)
        if kind is errors.DeadlineExceeded:
            return _too_late(remedy, call)
    return kind(_what(kind, code, words, call), remedy)


def _what(kind: ErrorClass, code: Code, words: str, call: Call) -> str:
    server = f"{call.callee} {call.address}"
    if kind is errors.RequestRefused:
        return f"{_who(call)} refused the request: {words}"
    if kind is errors.IncompleteVersion:
        return f"{server} has loaded an incomplete version of the model: {words}"
    if code is Code.NOT_FOUND:
        return f"{server} has no such model or version: {words}"
    return f"{server} answered {code.name}: {words or 'no text'}"


def _who(call: Call) -> str:
    """The callee without its address: "The server"."""
    return call.callee.rsplit(" ", 1)[0]


def _too_late(remedy: str, call: Call) -> errors.DeadlineExceeded:
    what = f"{call.callee} {call.address} did not answer within {call.deadline_seconds:g} s."
    if call.computes:
        return errors.DeadlineExceeded(what, remedy)
    variable = proxy_variable(call.address)
    if variable is None:
        return errors.DeadlineExceeded(what, UNANSWERED)
    return errors.DeadlineExceeded(f"{what} It is called through the proxy of {variable}.", _around_the_proxy(call))


def _unavailable(details: str, call: Call) -> errors.ServerUnavailable:
    faults = (*FAULTS, CLOSED_WITH_TLS if call.tls else CLOSED_WITHOUT_TLS, LOST)
    fault = next((fault for fault in faults if re.search(fault.pattern, details)), None)
    variable = proxy_variable(call.address)
    if variable is not None and (fault is None or not fault.got_through):
        what = f"Nothing answers at {call.address} through the proxy of {variable}"
        return errors.ServerUnavailable(f"{what} ({plain(details)}).", _around_the_proxy(call))
    if fault is None:
        return errors.ServerUnavailable(f"Nothing answers at {call.address} ({plain(details)}).", START)
    return fault.error(f"{fault.what.format(address=call.address)} ({plain(details)}).", fault.remedy)


def _around_the_proxy(call: Call) -> str:
    host = hosts_of(call.address)[0]
    return f"Put {host} into {exception_variable()} to call it directly, or look whether that proxy lets gRPC through."
