"""Clients that do not behave. Whatever they send, the server serves the others on."""

from __future__ import annotations

import contextlib
import resource
import socket
import threading
from collections.abc import Iterator

import grpc
import numpy as np
import pytest

from tests.conformance.calls import (
    INVALID,
    TIMEOUT_SECONDS,
    check_it_serves,
    check_it_serves_again,
    predict_request,
    refusal,
    version_states,
)

PREDICT = "/tensorflow.serving.PredictionService/Predict"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS = bytes(3) + b"\x04" + bytes(5)  # an empty frame of type 4 on stream 0
CONNECTIONS = 1000


def connect(target) -> socket.socket:
    host, _, port = target.address.rpartition(":")
    return socket.create_connection((host.strip("[]"), int(port)), timeout=TIMEOUT_SECONDS)


GARBAGE = {
    "random bytes": np.random.default_rng(0).bytes(65536),
    "zeros": bytes(65536),
    "HTTP/1.1": b"GET /v1/models/nst HTTP/1.1\r\nHost: x\r\n\r\n",
    "a TLS hello": b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" + bytes(161),
    "a good preface and then garbage": PREFACE + SETTINGS + b"\xff" * 4096,
    "a frame longer than it may be": PREFACE + SETTINGS + b"\xff\xff\xff\x00\x00\x00\x00\x00\x01",
}


@pytest.mark.fact("grpc, chttp2_transport.cc: a connection's errors are its own")
@pytest.mark.parametrize("sent", GARBAGE.values(), ids=GARBAGE)
def test_garbage_on_the_port_harms_nobody(stubs, target, sent):
    with connect(target) as connection, contextlib.suppress(ConnectionError):
        connection.sendall(sent)
        connection.settimeout(0.2)
        with contextlib.suppress(TimeoutError):
            while connection.recv(65536):
                pass
    check_it_serves(stubs, target)


@pytest.mark.fact("grpc, chttp2_server.cc: a handshake that does not end holds up its own connection alone")
@pytest.mark.parametrize("sent", [b"", PREFACE[:7], PREFACE, PREFACE + SETTINGS[:4]], ids=len)
def test_a_half_sent_handshake_harms_nobody(stubs, target, sent):
    with connect(target) as connection:
        connection.sendall(sent)
        check_it_serves(stubs, target)


@contextlib.contextmanager
def unfinished_calls(target, count: int) -> Iterator[None]:
    """Calls of Predict whose message never comes."""
    end = threading.Event()

    def nothing() -> Iterator[bytes]:
        end.wait()
        yield from ()

    with grpc.insecure_channel(target.address, [("grpc.use_local_subchannel_pool", 1)]) as channel:
        method = channel.stream_unary(PREDICT, request_serializer=bytes, response_deserializer=bytes)
        calls = [method.future(nothing()) for _ in range(count)]
        try:
            yield
        finally:
            end.set()
            for call in calls:
                call.cancel()


@pytest.mark.fact("grpc, server_cc.cc, SyncRequest: a call reaches a thread when its message has arrived")
@pytest.mark.parametrize("count", [1, 200])
def test_clients_that_never_finish_sending_hold_up_nobody(stubs, target, count):
    with unfinished_calls(target, count):
        check_it_serves(stubs, target)
        assert version_states(stubs, target)
    check_it_serves_again(stubs, target)


@pytest.mark.fact("server.cc:397: INT32_MAX instead of gRPC's 4 MiB")
def test_a_large_request_is_refused_by_the_graph_and_not_on_the_way(stubs, target):
    limits = target.limits
    pixels = max(20_000_000 // 3, limits.max_pixels)
    large = np.zeros((limits.min_side, pixels // limits.min_side + 1, 3), np.uint8)
    code, text = refusal(stubs.prediction.Predict, predict_request(target, change={"content": large}))
    assert code is INVALID
    assert text.startswith("assertion failed: [content: ")
    check_it_serves(stubs, target)


MALFORMED = {
    "bytes of no message": b"\xff" * 64,
    "a length past the end": b"\x0a\xff\xff\xff\x7f",
    "text that is not UTF-8": b"\x0a\x04\x0a\x02\xff\xfe",
    "an unknown wire type": b"\x0f",
}


@pytest.mark.fact("seen on 2.20.0: INTERNAL with an empty text")
@pytest.mark.parametrize("sent", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_message_is_an_internal_error(stubs, target, sent):
    """Whatever the text: grpcio's own says more than the stock server's, which is empty."""
    method = stubs.channel.unary_unary(PREDICT, request_serializer=bytes, response_deserializer=bytes)
    code, _ = refusal(method, sent)
    assert code is grpc.StatusCode.INTERNAL
    check_it_serves(stubs, target)


@pytest.mark.fact("grpc, server_cc.cc; a message cut short is a malformed one")
def test_a_request_cut_short_is_refused(stubs, target):
    method = stubs.channel.unary_unary(PREDICT, request_serializer=bytes, response_deserializer=bytes)
    whole = predict_request(target).SerializeToString()
    code, _ = refusal(method, whole[:-1])
    assert code is grpc.StatusCode.INTERNAL


@pytest.mark.fact("predict_impl.cc:37: no bytes are a message without fields")
def test_no_bytes_are_an_empty_request(stubs):
    method = stubs.channel.unary_unary(PREDICT, request_serializer=bytes, response_deserializer=bytes)
    assert refusal(method, b"") == (INVALID, "Missing ModelSpec")


@pytest.mark.fact("grpc: gzip is understood unless it is switched off")
def test_a_compressed_request_is_understood(stubs, target):
    reply = stubs.prediction.Predict(
        predict_request(target), timeout=TIMEOUT_SECONDS, compression=grpc.Compression.Gzip
    )
    assert reply.outputs["losses"].tensor_shape.dim[0].size == 2


@pytest.fixture
def connections(target) -> Iterator[list[socket.socket]]:
    """Many clients at once: as many as there may be open files, and each takes two where the server is here too."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS * 2 + 512
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, allowed), hard))
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(connect(target)) for _ in range(min(CONNECTIONS, (allowed - 512) // 2))]
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.fact("grpc: connections cost no thread")
def test_a_thousand_clients_may_be_connected(stubs, target, connections):
    assert len(connections) >= 100
    for connection in connections:
        connection.sendall(PREFACE + SETTINGS)
    for connection in connections:
        assert connection.recv(9)[3:4] == b"\x04", "the server's settings"
    check_it_serves(stubs, target)
    with grpc.insecure_channel(target.address, [("grpc.use_local_subchannel_pool", 1)]) as channel:
        grpc.channel_ready_future(channel).result(timeout=TIMEOUT_SECONDS)
