"""Predictions over REST that are refused: code, JSON and text."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import pytest

from tests.conformance.calls import check_it_serves, words
from tests.conformance.rest import all_inputs, error_of, predict

VERSIONED = "/v1/models/$model/versions/{}:predict"


class Refused(NamedTuple):
    """A request that is refused with 400 unless `status` says otherwise."""

    name: str
    text: str | re.Pattern[str]
    fact: str
    body: Any = None  # None: a good one, but for `change`
    signature: str = ""
    change: dict[str, Any] | None = None
    path: str = "/v1/models/$model:predict"
    status: int = 400

    def __str__(self) -> str:
        return self.name


def pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.DOTALL)


JSON = "json_tensor.cc:"
ROWS = "|^The row format, 'instances', "  # no model of ours fits it: the embedded server says that at once, and may
BODIES = [
    Refused("an empty body", "JSON Parse error: The document is empty", f"{JSON}475", body=b""),
    Refused("half a body", pattern(r"^JSON Parse error: .* at offset: \d+$"), f"{JSON}488", body='{"inputs": {"cont'),
    Refused("no JSON", pattern(r"^JSON Parse error: .* at offset: \d+$"), f"{JSON}488", body="content=1&style=2"),
    Refused("a list", pattern(r"^JSON Value: .* Is not object$"), f"{JSON}499", body=[1, 2]),
    Refused("neither inputs nor instances", "Missing 'inputs' or 'instances' key", f"{JSON}704", body={}),
    Refused(
        "both",
        pattern(
            r"^JSON Value: .* Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist "
        ),
        f"{JSON}679",
        body={"inputs": {}, "instances": []},
    ),
    Refused(
        "a signature's name that is none",
        pattern(r"^JSON Value: .* not formatted correctly\. 'signature_name' key must be a string value\.$"),
        f"{JSON}283",
        body={"signature_name": 1, "inputs": {}},
    ),
    Refused(
        "instances that are no list",
        pattern(r"^JSON Value: .* Expecting 'instances' to be an list/array$" + ROWS),
        f"{JSON}685",
        body={"instances": {}},
    ),
    Refused(
        "no instance",
        pattern(r"^JSON Value: .* No values in 'instances' array$" + ROWS),
        f"{JSON}688",
        body={"instances": []},
    ),
    Refused(
        "instances without names",
        pattern(
            "^instances is a plain list, but expecting list of objects as multiple input tensors required as per "
            "tensorinfo_map$" + ROWS
        ),
        f"{JSON}528",
        body={"instances": [1]},
    ),
    Refused(
        "an instance with one of several inputs",
        pattern(
            r"^Failed to process element: 0 of 'instances' list\. JSON object: .* "
            r"keys must be equal to: content,image,style$" + ROWS
        ),
        f"{JSON}572",
        body={"signature_name": "evaluate", "instances": [{"content": [1]}]},
    ),
    Refused(
        "inputs without names",
        "inputs is a plain value/list, but expecting an object as multiple input tensors required as per "
        "tensorinfo_map",
        f"{JSON}620",
        body={"inputs": [1]},
    ),
    Refused(
        "a signature without inputs",
        "Failed to get input map for signature: describe",
        f"seen on 2.20.0; {JSON}668",
        body={"signature_name": "describe", "inputs": {}},
    ),
    Refused(
        "unknown signature",
        'Serving signature name: "paint" not found in signature def',
        "http_rest_api_handler.cc:238",
        body={"signature_name": "paint", "inputs": {}},
    ),
]

MODELS = [
    Refused(
        "unknown model",
        "Servable not found for request: Latest(no-such-model)",
        "basic_manager.cc:139",
        path="/v1/models/no-such-model:predict",
        status=404,
    ),
    Refused(
        "unknown version",
        "Servable not found for request: Specific($model, 7777777)",
        "manager.h:152",
        path=VERSIONED.format(7777777),
        status=404,
    ),
    Refused(
        "unknown label",
        "Unrecognized servable version label: no-such-label",
        "server_core.cc:891",
        path="/v1/models/$model/labels/no-such-label:predict",
    ),
    Refused(
        "bad JSON for an unknown model: the JSON comes first",
        "JSON Parse error: The document is empty",
        "http_rest_api_handler.cc:163",
        body=b"",
        path="/v1/models/no-such-model:predict",
    ),
]

VALUES = [
    *(
        Refused(
            f"{name} is missing", f"Missing named input: {name} in 'inputs' object.", f"{JSON}635", change={name: None}
        )
        for name in ("content", "iterations", "style_weight")
    ),
    Refused(
        "a fraction for a whole number",
        "JSON Value: 1.5 Type: Number is not of expected type: int32",
        f"{JSON}266",
        change={"iterations": 1.5},
    ),
    Refused(
        "a text for a number",
        'JSON Value: "2" Type: String is not of expected type: int32',
        f"{JSON}266",
        change={"iterations": "2"},
    ),
    Refused(
        "a truth for a number",
        "JSON Value: true Type: True is not of expected type: float",
        f"{JSON}266",
        change={"tv_weight": True},
    ),
    Refused(
        "rows of different lengths",
        "Encountered list at unexpected size: 2 at level: 1 expected size: 3",
        f"{JSON}425",
        change={"content": [[1, 2, 3], [1, 2]]},
    ),
    Refused(
        "a list where a number stood",
        "Encountered list at unexpected level: 1 expected < 1",
        f"{JSON}419",
        change={"content": [1, [2]]},
    ),
    Refused(
        "a number where a list stood",
        "JSON Value: 1 found at incorrect level: 2 in the JSON DOM. Expected at level: 2",
        f"{JSON}401",
        change={"content": [[1, 2], 1]},
    ),
    Refused(
        "bad base64",
        "Unable to base64 decode",
        f"{JSON}386",
        signature="stylize_encoded",
        change={"content_bytes": {"b64": "@@@"}},
    ),
    Refused(
        "an object that is not base64",
        pattern(r"^JSON Value: .* not formatted correctly for base64 data$"),
        f"{JSON}271",
        signature="stylize_encoded",
        change={"content_bytes": {"b65": ""}},
    ),
    Refused(
        "NaN, which JSON does not have and the server reads",
        pattern(r"^assertion failed: \[style_weight: .*, got nan"),
        f"{JSON}483, kParseNanAndInfFlag",
        change={"style_weight": float("nan")},
    ),
    Refused(
        "a number too large for its type, which is then infinite",
        pattern(r"^assertion failed: \[style_weight: .*, got inf"),
        "seen on 2.20.0",
        change={"style_weight": 1e39},
    ),
    Refused(
        "what the graph refuses",
        pattern(r"^assertion failed: \[iterations: .*, got 0"),
        "http_server.cc:57",
        change={"iterations": 0},
    ),
    Refused(
        "a picture without colours",
        pattern(r"\[2,2\] is not compatible with expected shape \[\?,\?,3\]\."),
        "http_server.cc:57",
        change={"content": [[1, 2], [3, 4]]},
    ),
]


@pytest.mark.parametrize("case", BODIES + MODELS + VALUES, ids=str)
def test_a_bad_request_is_refused_with_json(stubs, target, case):
    inputs = all_inputs(target, case.signature, case.change)
    body = {"signature_name": case.signature or "serving_default", "inputs": inputs} if case.body is None else case.body
    reply = predict(target, body, case.path)
    assert reply.status == case.status, f"{case.fact}: {reply.text}"
    assert reply.content_type.split(";")[0] == "application/json"
    if isinstance(case.text, str):
        assert error_of(reply) == words(target, case.text), case.fact
    else:
        assert case.text.search(error_of(reply)), f"{case.fact}: {reply.text}"
    check_it_serves(stubs, target)
