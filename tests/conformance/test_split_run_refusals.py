"""States that are not what a call returned, or not this run's: refused by name, and the server serves on."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework import types_pb2

from tests.conformance.calls import (
    INVALID,
    TIMEOUT_SECONDS,
    check_it_serves,
    good_inputs,
    good_pictures,
    predict_request,
    refusal,
    strings_of,
)
from tests.conformance.protos import strings_packed, strings_typed, uint8_proto

GRAPH = "grpc_status_util.cc:24, the graph's own words"

State = list[bytes]


class Hostile(NamedTuple):
    """A call of `stylize_step` that is refused, in all that makes it differ from a good one, and the refusal."""

    name: str
    text: str  # a pattern
    spoil: Callable[[State], Any] = strings_typed  # the good state to the one that is sent
    change: Mapping[str, Any] = {}

    def __str__(self) -> str:
        return self.name


def header(old: bytes, new: bytes) -> Callable[[State], Any]:
    """The good state with a part of its header replaced, once."""
    return lambda state: strings_typed([state[0].replace(old, new, 1), *state[1:]])


def flipped(part: int, position: int) -> Callable[[State], Any]:
    """The good state with one bit of one of its strings flipped."""

    def spoil(state: State) -> Any:
        damaged = bytearray(state[part])
        damaged[position] ^= 1
        return strings_typed([*state[:part], bytes(damaged), *state[part + 1 :]])

    return spoil


def sent(value: Any) -> Callable[[State], Any]:
    """Something that does not depend on the good state."""
    return lambda _: value


FOREIGN = r"^assertion failed: \[state_bytes: must be what stylize_start or stylize_step returned, got "
DAMAGED = r"^assertion failed: \[state_bytes: is damaged: its digest must be "
WHOLE = r"^assertion failed: \[state_bytes: must be whole, 8 strings and \d+ words in the first, got "
SAME = r"^assertion failed: \[state_bytes: must come from a run with the same "
STATES = [
    Hostile("an empty list", FOREIGN + "0 strings", spoil=sent(strings_typed([]))),
    Hostile("an empty list as bytes", FOREIGN + "0 strings", spoil=sent(strings_packed([]))),
    Hostile("an empty string", FOREIGN + "1 strings, the first of 0 bytes", spoil=sent(strings_typed([b""]))),
    Hostile(
        "a file", FOREIGN + "1 strings, the first of 204 bytes", spoil=sent(strings_typed([b"\xff\xd8\xff\xe0" * 51]))
    ),
    Hostile("bytes that are no text", FOREIGN + "8 strings", spoil=header(b" ", b"\xff")),
    Hostile("the header last", FOREIGN + "8 strings", spoil=lambda state: strings_typed(state[::-1])),
    Hostile(
        "another format", r"state_bytes: must be of the format nst-state/\d+, got nst-state/7777",
        spoil=lambda state: strings_typed([re.sub(rb"^nst-state/\d+", b"nst-state/7777", state[0]), *state[1:]]),
    ),
    Hostile("the header alone", WHOLE + "1 strings", spoil=lambda state: strings_typed(state[:1])),
    Hostile("a string short", WHOLE + "7 strings", spoil=lambda state: strings_typed(state[:-1])),
    Hostile("a string more", WHOLE + "9 strings", spoil=lambda state: strings_typed([*state, b""])),
    Hostile("a word short", WHOLE + "8 strings", spoil=lambda state: strings_typed(
        [state[0].rpartition(b" ")[0], *state[1:]]
    )),
    Hostile("a flipped bit in the digest", DAMAGED, spoil=flipped(0, -1)),
    Hostile("a flipped bit in the picture", DAMAGED, spoil=flipped(1, 1000)),
    Hostile("a flipped bit in the number of updates", DAMAGED, spoil=flipped(4, 0)),
    Hostile("a flipped bit in the last byte", DAMAGED, spoil=flipped(6, -1)),
    Hostile("cut short", DAMAGED, spoil=lambda state: strings_typed([state[0], state[1][:-1], *state[2:]])),
    Hostile("an empty picture", DAMAGED, spoil=lambda state: strings_typed([state[0], b"", *state[2:]])),
    Hostile("two strings changed over", DAMAGED, spoil=lambda state: strings_typed(
        [state[0], state[2], state[1], *state[3:]]
    )),
]  # fmt: skip

RANKS = [
    Hostile("0", r"\[\] is not compatible with expected shape \[\?\]\.", lambda state: state[0]),
    Hostile("2", r"\[1,8\] is not compatible with expected shape \[\?\]\.", lambda state: [state]),
    Hostile("2, no rows", r"\[0,5\] is not compatible", sent(uint8_proto([0, 5], dtype=types_pb2.DT_STRING))),
]


def brighter(image: np.ndarray) -> np.ndarray:
    """The same but for one level of one pixel."""
    other = image.copy()
    other[-1, -1, -1] ^= 1
    return other


OTHERS = [
    Hostile("another content", f"{SAME}content, ", change={"content": brighter}),
    Hostile("another style", f"{SAME}style, ", change={"style": brighter}),
    Hostile(
        "another size", rf"{SAME}size, \d+x\d+, got \d+x\d+", change={"content": lambda image: image.swapaxes(0, 1)}
    ),
    *(
        Hostile(f"another {name}", rf"{SAME}{name}, 17\.5, got ", change={name: np.float32(17.5)})
        for name in ("content_weight", "style_weight", "tv_weight", "learning_rate")
    ),
]

ITERATIONS = [
    Hostile(
        f"{value}",
        rf"^assertion failed: \[iterations: must be a whole number from 1 to \d+, got {value}\s*\]",
        change={"iterations": np.int32(value)},
    )
    for value in (0, -1, 2**31 - 1, -(2**31))
]


def check_refusal(stubs, target, case: Hostile) -> None:
    """Sends a case's request, compares code and text, and asks for a small picture."""
    defaults = target.signatures["stylize_step"].defaults
    good = good_inputs(target, "stylize_step") | {name: tf.make_ndarray(proto) for name, proto in defaults.items()}
    change = {name: value(good[name]) if callable(value) else value for name, value in case.change.items()}
    change["state_bytes"] = case.spoil(good["state_bytes"])
    code, text = refusal(stubs.prediction.Predict, predict_request(target, "stylize_step", change=change))
    assert code is INVALID, text
    assert re.search(case.text, text), text
    check_it_serves(stubs, target)


@pytest.mark.fact(GRAPH)
@pytest.mark.parametrize("case", STATES, ids=str)
def test_what_no_call_returned_is_no_state(stubs, target, case):
    check_refusal(stubs, target, case)


@pytest.mark.fact(GRAPH)
@pytest.mark.parametrize("case", OTHERS, ids=str)
def test_a_state_goes_on_with_its_own_run_alone(stubs, target, case):
    check_refusal(stubs, target, case)


@pytest.mark.fact(GRAPH)
def test_a_number_that_differs_in_its_last_bit_is_another_one(stubs, target):
    number = np.float32(3)
    request = predict_request(target, "stylize_start", change={"learning_rate": number})
    started = stubs.prediction.Predict(request, timeout=TIMEOUT_SECONDS)
    state = strings_typed(strings_of(started.outputs["state_bytes"]))
    next_number = np.nextafter(number, np.float32(np.inf))
    case = Hostile("", f"{SAME}learning_rate, ", sent(state), change={"learning_rate": next_number})
    check_refusal(stubs, target, case)


@pytest.mark.fact(GRAPH)
def test_the_first_thing_that_differs_is_named(stubs, target):
    """A state of another run altogether, as a client might mix up two of them."""
    change = {name: brighter(value) for name, value in good_pictures(target.limits.min_side).items()}
    code, text = refusal(stubs.prediction.Predict, predict_request(target, "stylize_step", change=change))
    assert code is INVALID
    assert re.search(f"{SAME}content, ", text)


@pytest.mark.fact("a prototype was seen on 2.20.0: the range is asserted before the loop")
@pytest.mark.parametrize("case", ITERATIONS, ids=str)
def test_a_good_state_does_not_excuse_the_iterations(stubs, target, case):
    check_refusal(stubs, target, case)


@pytest.mark.fact("tensorflow/core/kernels/shape_ops.h, EnsureShapeOp")
@pytest.mark.parametrize("case", RANKS, ids=str)
def test_a_state_is_a_vector(stubs, target, case):
    check_refusal(stubs, target, case)


@pytest.mark.fact("tensorflow/core/common_runtime/direct_session.cc")
def test_a_state_is_of_strings(stubs, target):
    floats = np.zeros(5, np.float32)
    check_refusal(
        stubs, target, Hostile("floats", r"^Expects arg\[\d+\] to be string but float is provided", sent(floats))
    )


@pytest.mark.fact("tensorflow/core/framework/tensor.cc, Tensor::FromProto")
@pytest.mark.parametrize("content", [b"\x7fabc", b"\xff\xff\xff\xff\x07abc", b"\x02abc"])
def test_a_state_as_bytes_must_parse(stubs, target, content):
    """Lengths past the end, and short of it."""
    proto = uint8_proto([1], dtype=types_pb2.DT_STRING, tensor_content=content)
    check_refusal(stubs, target, Hostile("", "^tensor parsing error: state_bytes$", sent(proto)))
