"""Several styles, masks, colour and strength: over REST the picture that gRPC gives."""

from __future__ import annotations

import base64
import json
import urllib.request

import numpy as np
import pytest
import tensorflow as tf

from nst_graph.options import Option, options_for
from tests.conftest import picture

SECOND = picture(40, 72, seed=3)
ITERATIONS = 3


def unset(option: Option):
    """As JSON has it: REST knows no defaults, so that a caller sends every input."""
    return [] if option.shape else option.wire_default


def file(pixels: np.ndarray) -> dict[str, str]:
    return {"b64": base64.b64encode(tf.io.encode_png(pixels).numpy()).decode()}


def over_rest(server, content: np.ndarray, style: np.ndarray, options: dict) -> np.ndarray:
    inputs = {option.name: unset(option) for option in options_for("files")}
    inputs |= {
        "content_bytes": file(content),
        "style_bytes": file(style),
        "iterations": ITERATIONS,
        "size": 0,
    } | options
    body = {"signature_name": "stylize_encoded_options", "inputs": inputs | options}
    url = f"http://{server.rest_address}/v1/models/nst:predict"
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310  (our own server)
        png = json.load(answer)["outputs"]["image_bytes"]["b64"]
    return tf.io.decode_png(base64.b64decode(png)).numpy()


def mask_of_halves() -> np.ndarray:
    mask = np.zeros((48, 64, 2), np.uint8)
    mask[:, :32, 0] = mask[:, 32:, 1] = 255
    return mask


@pytest.mark.parametrize(
    "options",
    [
        {"blend": [1.0, 3.0], "color": "luminance"},
        {"content_mask": mask_of_halves(), "strength": picture(48, 64, seed=4)[..., 0]},
        {"color": "match-pca", "style_scale": 0.7},
    ],
    ids=" and ".join,
)
def test_rest_and_grpc_give_the_same_picture(server, client, content, style, options):
    expected = client.stylize(content, [style, SECOND], iterations=ITERATIONS, sizes=[64], **options)
    sent = {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in options.items()}
    sent |= {"more_style_bytes": [file(SECOND)], "sizes": [64]}
    np.testing.assert_array_equal(over_rest(server, content, style, sent), expected.image)
