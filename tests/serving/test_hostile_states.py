"""States made to eat memory: refused in words, and they cost a few times their own bytes, however little they say."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2, types_pb2
from tensorflow_serving.apis import predict_pb2

from nst_graph import state as nst_state
from tests.conftest import picture
from tests.serving.conftest import stubs_at

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")]

MB = 2**20
TIMES = 10  # of the message: gRPC's bytes, protobuf's, numpy's and TensorFlow's copies of them
SLACK = 96 * MB  # for what any call takes
LARGE = 200 * MB

State = list[bytes]


class Process(NamedTuple):
    """A server in a process of its own."""

    address: str
    pid: int

    def forget_peak(self) -> None:
        Path(f"/proc/{self.pid}/clear_refs").write_text("5", encoding="utf-8")

    def resident(self, field: str) -> int:
        """`VmRSS`, what it holds, or `VmHWM`, the most it has held since `forget_peak`."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8")
        return int(re.search(rf"{field}:\s+(\d+) kB", status)[1]) * 1024


@pytest.fixture(scope="module")
def server(tiny_model_dir) -> Iterator[Process]:
    command = [sys.executable, "-m", "nst_client", "serve", str(tiny_model_dir), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield Process(re.search(r"127\.0\.0\.1:\d+", process.stdout.readline())[0], process.pid)
        process.terminate()


def call(server: Process, signature: str, **inputs) -> predict_pb2.PredictResponse:
    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = "nst", signature
    pictures = {"content": picture(48, 64, seed=1), "style": picture(56, 40, seed=2)}
    for name, value in (pictures | inputs).items():
        proto = value if isinstance(value, tensor_pb2.TensorProto) else tf.make_tensor_proto(value)
        request.inputs[name].CopyFrom(proto)
    with stubs_at(server.address) as (prediction, _):
        return prediction.Predict(request, timeout=120)


@pytest.fixture(scope="module")
def good(server) -> State:
    return list(call(server, "stylize_start").outputs["state_bytes"].string_val)


def strings(values: State) -> tensor_pb2.TensorProto:
    """A vector of strings."""
    proto = tensor_pb2.TensorProto(dtype=types_pb2.DT_STRING, string_val=values)
    proto.tensor_shape.dim.add(size=len(values))
    return proto


def announcing(*shape: int) -> bytes:
    """A TensorProto of a few bytes that stands for as many zeros as its shape says."""
    proto = tensor_pb2.TensorProto(dtype=types_pb2.DT_FLOAT, float_val=[0.0])
    for length in shape:
        proto.tensor_shape.dim.add(size=length)
    return proto.SerializeToString()


def forged(good: State, *parts: bytes) -> State:
    """Any strings under the header of a good state, with the digest that is theirs."""
    words = good[0].rpartition(b" ")[0]
    each = tf.raw_ops.Fingerprint(data=[words, *parts], method="farmhash64")
    digest = tf.raw_ops.Fingerprint(data=tf.reshape(each, [1, -1]), method="farmhash64")
    return [words + b" %d" % tf.bitcast(digest, tf.int64).numpy()[0], *parts]


FORMAT = nst_state.FORMAT.encode()
HUGE = announcing(100_000, 100_000, 3)
FOREIGN = "must be what stylize_start or stylize_step returned, got "
WHOLE = "must be whole, 8 strings and 32 words in the first, got "
SIZE = "must hold tensors of the size of the content, "
BOMBS: dict[str, tuple[str, Callable[[State], tensor_pb2.TensorProto]]] = {
    "tensors that announce huge shapes": (FOREIGN + "4 strings", lambda _: strings([HUGE] * 4)),
    "such tensors under a forged header": (
        SIZE + f"36864 bytes, got {len(HUGE)}", lambda good: strings(forged(good, HUGE, *good[2:])),
    ),
    "a forged header over nothing": (SIZE, lambda good: strings(forged(good, *[b""] * 7))),
    "a header with 10 million blanks": (
        FOREIGN + "8 strings, the first of 10000011 bytes",
        lambda good: strings([FORMAT + b" " * 10_000_000, *good[1:]]),
    ),
    "a header of 900 blanks": (
        WHOLE + "8 strings and 900 words", lambda good: strings([FORMAT + b" " * 899, *good[1:]]),
    ),
    "100,000 empty strings": (FOREIGN + "100000 strings", lambda _: strings([b""] * 100_000)),
    "a good header over 100,000 empty strings": (
        WHOLE + "100001 strings and 32 words", lambda good: strings([good[0], *[b""] * 100_000]),
    ),
}  # fmt: skip
LARGE_BOMBS: dict[str, tuple[str, Callable[[State], tensor_pb2.TensorProto]]] = {
    "one string of 200 MB": (FOREIGN + f"1 strings, the first of {LARGE}", lambda _: strings([bytes(LARGE)])),
    "one string of 200 MB that begins well": (
        FOREIGN + f"1 strings, the first of {LARGE}", lambda _: strings([(FORMAT + b" ").ljust(LARGE, b"x")]),
    ),
    "a good header over 200 MB": (
        "is damaged: its digest must be ", lambda good: strings([*good[:7], bytes(LARGE)]),
    ),
    "a forged header over a picture of 200 MB": (
        SIZE + f"36864 bytes, got {LARGE}", lambda good: strings(forged(good, bytes(LARGE), *good[2:])),
    ),
}  # fmt: skip


def check_refusal(server: Process, good: State, words: str, proto: tensor_pb2.TensorProto) -> None:
    before = server.resident("VmRSS")
    server.forget_peak()
    with pytest.raises(grpc.RpcError) as error:
        call(server, "stylize_step", state_bytes=proto, iterations=np.int32(1))
    grown = server.resident("VmHWM") - before
    assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert f"state_bytes: {words}" in error.value.details()
    assert grown < TIMES * proto.ByteSize() + SLACK
    reply = call(server, "stylize_step", state_bytes=strings(good), iterations=np.int32(2))
    assert len(reply.outputs["losses"].float_val) == 8


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_hostile_state_costs_next_to_nothing_and_the_server_serves_on(server, good, bomb):
    words, made = BOMBS[bomb]
    check_refusal(server, good, words, made(good))


@pytest.mark.slow
@pytest.mark.parametrize("bomb", LARGE_BOMBS)
def test_a_large_hostile_state_costs_a_few_times_its_bytes_and_the_server_serves_on(server, good, bomb):
    words, made = LARGE_BOMBS[bomb]
    check_refusal(server, good, words, made(good))
