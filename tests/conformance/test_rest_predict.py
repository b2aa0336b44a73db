"""Predictions over REST: columnar JSON, every input required."""

from __future__ import annotations

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image

from tests.conformance.calls import good_inputs
from tests.conformance.rest import all_inputs, predict

VERSIONED = "/v1/models/$model/versions/{}:predict"


@pytest.mark.fact("seen on 2.20.0; json_tensor.cc:884: outputs that end in _bytes are base64 objects")
def test_files_go_in_and_a_png_comes_out(target):
    inputs = all_inputs(target, "stylize_encoded", {"content_bytes": {"b64": jpeg(target)}})
    reply = predict(target, {"signature_name": "stylize_encoded", "inputs": inputs})
    assert reply.status == 200, reply.text
    assert list(reply.document) == ["outputs"]
    outputs = reply.document["outputs"]
    assert list(outputs["image_bytes"]) == ["b64"]
    with Image.open(io.BytesIO(base64.b64decode(outputs["image_bytes"]["b64"]))) as image:
        image.load()
        assert (image.format, image.mode) == ("PNG", "RGB")
        assert (image.height, image.width, 3) == good_inputs(target, "")["content"].shape
    assert np.array(outputs["losses"]).shape == (2, 4)


@pytest.mark.fact("seen on 2.20.0: absl::Base64Unescape lets blanks through")
def test_base64_may_be_broken_into_lines(target):
    plain = jpeg(target)
    lines = "\r\n".join(plain[start : start + 76] for start in range(0, len(plain), 76))
    outputs = []
    for text in (plain, lines):
        inputs = all_inputs(target, "stylize_encoded", {"content_bytes": {"b64": text}})
        reply = predict(target, {"signature_name": "stylize_encoded", "inputs": inputs})
        assert reply.status == 200, reply.text
        outputs.append(reply.document["outputs"]["image_bytes"])
    assert outputs[0] == outputs[1]


def jpeg(target) -> str:
    buffer = io.BytesIO()
    Image.fromarray(good_inputs(target, "")["content"]).save(buffer, "JPEG")
    return base64.b64encode(buffer.getvalue()).decode()


@pytest.mark.fact("json_tensor.cc:391 and 960: nested lists, in and out")
def test_the_default_signature_takes_and_gives_nested_lists(target):
    reply = predict(target, {"inputs": all_inputs(target, "")})
    assert (reply.status, reply.content_type.split(";")[0]) == (200, "application/json")
    outputs = reply.document["outputs"]
    image = np.array(outputs["image"])
    assert image.shape == good_inputs(target, "")["content"].shape
    assert 0 <= image.min() <= image.max() <= 255
    assert all(isinstance(value, float) for row in outputs["losses"] for value in row)


@pytest.mark.fact("http_rest_api_util.cc:31")
def test_a_version_may_be_asked_for(target):
    reply = predict(target, {"inputs": all_inputs(target, "")}, VERSIONED.format(target.version))
    assert reply.status == 200, reply.text


@pytest.mark.fact("seen on 2.20.0; json_tensor.cc:631 looks for the signature's names alone")
def test_extra_inputs_are_ignored(target):
    assert predict(target, {"inputs": all_inputs(target, "", {"bogus": [1, "x"]}), "more": 1}).status == 200


@pytest.mark.fact("seen on 2.20.0: a uint8 of 300 wraps to 44")
def test_a_uint8_of_300_wraps_to_44(target):
    errors = []
    for value in (300, 44):
        content = np.full(good_inputs(target, "evaluate")["image"].shape, value)
        inputs = all_inputs(target, "evaluate", {"content": content.tolist()})
        reply = predict(target, {"signature_name": "evaluate", "inputs": inputs})
        assert reply.status == 200, reply.text
        errors.append(reply.document["outputs"]["content_error"])
    assert errors[0] == errors[1]


@pytest.mark.fact("json_tensor.cc:484, kParseStopWhenDoneFlag: what follows the document is not read")
def test_what_follows_the_document_is_not_read(target):
    assert predict(target, json.dumps({"inputs": all_inputs(target, "")}) + "\n}, and more").status == 200
