"""One server or several: which of them a call goes to."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from nst_client.calls import transport
from nst_client.calls.addresses import checked_address
from nst_client.calls.failures import SERVER_AT, Call
from nst_client.calls.protocol import model_service_pb2_grpc, prediction_service_pb2_grpc
from nst_client.errors import (
    DeadlineExceeded,
    ModelNotFound,
    NstError,
    OutOfMemory,
    RequestRefused,
    ServerBusy,
    ServerStopping,
    ServerUnavailable,
)

# For so long a server that failed is called only when all others are cooling down too: about what a restart takes.
COOLDOWN_SECONDS = 5.0
# After a missed deadline, so many deadlines: then at most a tenth of the time is lost in asking it again.
COOLDOWN_DEADLINES = 9

# Errors that another server may not have: one is down, is stopping, has not loaded the model, is full, or hangs.
TRY_ANOTHER_SERVER = (ServerUnavailable, ServerStopping, ModelNotFound, ServerBusy, DeadlineExceeded)
# Of these, errors after which the caller decides: the time is used up, or the call would fail everywhere.
NEVER_RETRIED = (DeadlineExceeded, OutOfMemory)


@dataclass(eq=False)  # two servers at the same address are two
class Server:
    """Where calls can go: stubs, and what is known of their state."""

    address: str
    prediction: Any  # has the method Predict(request, timeout) of a PredictionServiceStub
    model: Any  # has the method GetModelStatus(request, timeout) of a ModelServiceStub
    close: Callable[[], None]
    callee: str = SERVER_AT  # in messages, before the address
    tls: bool = False
    calls: int = 0  # in flight
    cooldown_until: float = 0.0  # on the monotonic clock
    silent_since: float | None = None  # on that clock, if it did not answer when last asked; a full queue is an answer


MethodOf = Callable[[Server], Callable[..., Any]]  # which of a server's stubs' methods to call


def server_at(address: str, tls: transport.Tls | None = None) -> Server:
    """The server at HOST:PORT or a gRPC target; nothing is sent yet.

    Raises:
        RequestRefused: it is no such address.
    """
    address = checked_address(address)
    channel = transport.open_channel(address, tls)
    return Server(
        address,
        prediction_service_pb2_grpc.PredictionServiceStub(channel),
        model_service_pb2_grpc.ModelServiceStub(channel),
        channel.close,
        tls=tls is not None,
    )


class Servers:
    """Spreads calls over servers of the same model. It may be shared between threads."""

    def __init__(self, servers: Sequence[Server]) -> None:
        """Takes over the servers, at least one."""
        self._servers = list(servers)
        self._lock = threading.Lock()
        self._is_closed = False
        self.note: Callable[[str], None] = lambda _: None  # called, from any thread, when one stops or starts to answer

    def __len__(self) -> int:
        return len(self._servers)

    @property
    def addresses(self) -> list[str]:
        """As they were given."""
        return [server.address for server in self._servers]

    def close(self) -> None:
        """Closes all connections; calls that are running, and later ones, fail."""
        self._is_closed = True
        for server in self._servers:
            server.close()

    def call(self, method_of: MethodOf, request: Any, deadline_seconds: float) -> tuple[Any, float]:
        """One unary call to the least busy server; where that cannot answer now, to the next one.

        A call may reach a server that dies in the middle of it and then another one: every signature of the
        contract is a function of its inputs alone, so nothing happens twice.

        Returns:
            The reply, and the seconds that the server which gave it took.

        Raises:
            NstError: as `failures.explained` has it; ServerUnavailable only if none of them answers.
                RequestRefused after `close`.
        """
        tried: list[Server] = []
        failures: list[NstError] = []
        while True:
            if self._is_closed:  # before the call, or in the middle of it
                raise RequestRefused("client: it is closed.", "Make another one.")
            with self._least_busy(tried) as server:
                begin = time.monotonic()
                try:
                    reply = _call(server, method_of, request, deadline_seconds)
                except TRY_ANOTHER_SERVER as error:
                    tried.append(server)
                    failures.append(error)
                    if isinstance(error, NEVER_RETRIED):
                        raise
                    self._tell_silence(server, error)
                else:
                    seconds = time.monotonic() - begin
                    self._tell_answer(server, begin)
                    return reply, seconds
            if len(tried) == len(self._servers):
                raise min(failures, key=lambda failure: isinstance(failure, ServerUnavailable))

    def failures(self, method_of: MethodOf, request: Any, deadline_seconds: float) -> list[NstError]:
        """Calls all servers at once, and returns the errors of those that fail."""

        def failure(server: Server) -> NstError | None:
            try:
                _call(server, method_of, request, deadline_seconds)
            except NstError as error:
                return error
            return None

        with ThreadPoolExecutor(len(self._servers)) as pool:
            results = zip(self._servers, pool.map(failure, self._servers), strict=True)
            failed = [(server, error) for server, error in results if error is not None]
        if len(failed) < len(self._servers):
            for server, error in failed:
                self._tell_silence(server, error)
        return [error for _, error in failed]

    def _tell_silence(self, server: Server, failure: NstError) -> None:
        if isinstance(failure, ServerBusy):
            return
        with self._lock:
            is_new, server.silent_since = server.silent_since is None, time.monotonic()
            others = any(other.silent_since is None for other in self._servers)
        if is_new and others:  # where none is left, the caller hears of it
            self.note(f"{str(failure).rstrip('.')}. The others go on without it.")

    def _tell_answer(self, server: Server, asked_at: float) -> None:
        with self._lock:
            # An answer to an earlier call may have been on its way when the server went.
            is_back = server.silent_since is not None and asked_at > server.silent_since
            if is_back:
                server.silent_since = None
        if is_back:
            self.note(f"{server.callee} {server.address} answers again.")

    @contextmanager
    def _least_busy(self, tried: Sequence[Server]) -> Iterator[Server]:
        with self._lock:
            now = time.monotonic()
            left = [server for server in self._servers if server not in tried]
            server = min(left, key=lambda server: (max(server.cooldown_until - now, 0.0), server.calls))
            server.calls += 1
        try:
            yield server
        finally:
            with self._lock:
                server.calls -= 1


def _call(server: Server, method_of: MethodOf, request: Any, deadline_seconds: float) -> Any:
    """Calls one server, and starts its cooldown where another one may answer sooner."""
    computes = bool(getattr(request, "inputs", None))
    call = Call(server.address, deadline_seconds, server.callee, server.tls, computes)
    try:
        return transport.call(method_of(server), request, call)
    except TRY_ANOTHER_SERVER as error:
        hung = isinstance(error, DeadlineExceeded)
        server.cooldown_until = time.monotonic() + (COOLDOWN_DEADLINES * deadline_seconds if hung else COOLDOWN_SECONDS)
        raise
