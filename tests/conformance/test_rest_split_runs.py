"""A run split into calls over REST: a state is a list of {"b64": ...}, out as in."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest

from tests.conformance.calls import check_first_state, check_it_serves
from tests.conformance.rest import all_inputs, error_of, predict, strings_of

SPLIT = "a prototype was seen on 2.20.0: base64 objects, out and in again as they were; json_tensor.cc:884"


def outputs(target, signature: str, **change: Any) -> dict[str, Any]:
    reply = predict(target, {"signature_name": signature, "inputs": all_inputs(target, signature, change)})
    assert reply.status == 200, reply.text
    return reply.document["outputs"]


@pytest.mark.fact(SPLIT)
def test_a_state_comes_as_base64_objects(target):
    start = outputs(target, "stylize_start")
    assert sorted(start) == ["image", "state_bytes"]
    check_first_state(target, strings_of(start["state_bytes"]))


@pytest.mark.fact(SPLIT)
@pytest.mark.parametrize("counts", [(4,), (1, 2, 1)], ids=str)
def test_any_split_gives_the_picture_and_the_losses_of_one_call(target, counts):
    """The losses too: equal numbers are written alike."""
    result, losses = outputs(target, "stylize_start"), []
    for count in counts:
        result = outputs(target, "stylize_step", state_bytes=result["state_bytes"], iterations=count)
        losses += result["losses"]
    whole = outputs(target, "serving_default", iterations=sum(counts))
    assert result["image"] == whole["image"]
    assert losses == whole["losses"]


@pytest.mark.fact("json_tensor.cc:884: base64 of the very bytes")
def test_a_state_may_change_from_grpc_to_rest(target):
    """`all_inputs` has the state that gRPC gave."""
    rest = outputs(target, "stylize_start")["state_bytes"]
    assert strings_of(all_inputs(target, "stylize_step")["state_bytes"]) == strings_of(rest)


GRAPH = "http_server.cc:57, the graph's own words"
FOREIGN = r"^assertion failed: \[state_bytes: must be what stylize_start or stylize_step returned, got "
WORD = {"b64": base64.b64encode(b"\0\xff").decode()}


def check_refusal(stubs, target, text: str, **change: Any) -> None:
    """A step that differs from a good one by `change` is refused with 400 and a text like the pattern."""
    inputs = all_inputs(target, "stylize_step", change)
    reply = predict(target, {"signature_name": "stylize_step", "inputs": inputs})
    assert reply.status == 400, reply.text
    assert re.search(text, error_of(reply)), reply.text
    check_it_serves(stubs, target)


FOREIGN_STATES = {"0 strings": [], "1 strings, the first of 2 bytes": [WORD], "2 strings, the first of 4": ["äö", "x"]}


@pytest.mark.fact(GRAPH)
@pytest.mark.parametrize("got", FOREIGN_STATES)
def test_what_no_call_returned_is_no_state(stubs, target, got):
    check_refusal(stubs, target, FOREIGN + got, state_bytes=FOREIGN_STATES[got])


@pytest.mark.fact("http_server.cc:57; tensorflow/core/kernels/shape_ops.h, EnsureShapeOp")
@pytest.mark.parametrize(("shape", "state"), [("", WORD), ("1,2", [[WORD, WORD]])])
def test_a_state_is_a_vector(stubs, target, shape, state):
    check_refusal(stubs, target, rf"\[{shape}\] is not compatible with expected shape \[\?\]\.", state_bytes=state)


@pytest.mark.fact("json_tensor.cc:635")
def test_a_step_needs_a_state(stubs, target):
    check_refusal(stubs, target, "^Missing named input: state_bytes in 'inputs' object", state_bytes=None)


@pytest.mark.fact("json_tensor.cc:266")
def test_numbers_are_no_state(stubs, target):
    check_refusal(stubs, target, "^JSON Value: 1 Type: Number is not of expected type: string$", state_bytes=[1])


@pytest.mark.fact("json_tensor.cc:386")
def test_base64_must_decode_in_every_string(stubs, target):
    check_refusal(stubs, target, "^Unable to base64 decode$", state_bytes=[WORD, {"b64": "@@@"}])


@pytest.mark.fact(GRAPH)
def test_a_state_goes_on_with_its_own_numbers_alone(stubs, target):
    text = r"state_bytes: must come from a run with the same style_weight, 17\.5, got "
    check_refusal(stubs, target, text, style_weight=17.5)


@pytest.mark.fact(GRAPH)
@pytest.mark.parametrize("value", [0, 2**31 - 1])
def test_a_good_state_does_not_excuse_the_iterations(stubs, target, value):
    check_refusal(stubs, target, f"iterations: must be a whole number from 1 to .*, got {value}", iterations=value)


@pytest.mark.fact(GRAPH)
@pytest.mark.parametrize("part", [0, 1, 4])
def test_a_damaged_state_is_refused(stubs, target, part):
    state = all_inputs(target, "stylize_step")["state_bytes"]
    damaged = bytearray(strings_of(state)[part])
    damaged[-1] ^= 1
    state[part] = {"b64": base64.b64encode(damaged).decode()}
    check_refusal(stubs, target, "state_bytes: is damaged: its digest must be ", state_bytes=state)
