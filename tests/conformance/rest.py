"""HTTP with nothing but the standard library, as a program without ours would speak it."""

from __future__ import annotations

import base64
import http.client
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pytest
import tensorflow as tf

from tests.conformance.calls import TIMEOUT_SECONDS, Target, good_inputs


class Reply(NamedTuple):
    """What came back."""

    status: int
    content_type: str
    text: str

    @property
    def document(self) -> Any:
        return json.loads(self.text)


def ask(target: Target, method: str, path: str, body: str | bytes | None = None) -> Reply:
    """One request to the REST port. `$model` in the path is the model's name."""
    connection = http.client.HTTPConnection(target.rest, timeout=TIMEOUT_SECONDS)
    try:
        connection.request(method, path.replace("$model", target.model), body)
        answer = connection.getresponse()
        return Reply(answer.status, answer.getheader("Content-Type", ""), answer.read().decode())
    except ConnectionRefusedError:
        pytest.fail(f"Nothing answers at the REST port {target.rest}: name another with NST_TARGET_REST=HOST:PORT.")
    finally:
        connection.close()


def predict(target: Target, body: Any, path: str = "/v1/models/$model:predict") -> Reply:
    """A prediction; `body` is JSON already or becomes it."""
    return ask(target, "POST", path, body if isinstance(body, (str, bytes)) else json.dumps(body))


def json_value(value: Any) -> Any:
    """A value as REST wants it: lists, and bytes as {"b64": ...}."""
    if isinstance(value, list):
        return [json_value(item) for item in value]
    if isinstance(value, bytes):  # numpy would cut zeros off its end
        return {"b64": base64.b64encode(value).decode()}
    if isinstance(value, np.ndarray) and value.dtype == object:  # strings
        return json_value(value.tolist())
    return np.asarray(value).tolist()


def all_inputs(target: Target, signature: str, change: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Every input of a signature, the defaults written out: REST does not know of defaults."""
    defaults = target.signatures[signature or "serving_default"].defaults
    values = {name: tf.make_ndarray(proto) for name, proto in defaults.items()} | good_inputs(target, signature)
    inputs = {name: json_value(value) for name, value in values.items()} | dict(change or {})
    return {name: value for name, value in inputs.items() if value is not None}


def strings_of(objects: list[dict[str, str]]) -> list[bytes]:
    """Strings as REST gives them: nothing but {"b64": ...} each."""
    assert all(list(item) == ["b64"] for item in objects), objects
    return [base64.b64decode(item["b64"], validate=True) for item in objects]


def error_of(reply: Reply) -> str:
    """The text of an error, whose body must be {"error": text} and nothing else."""
    assert list(reply.document) == ["error"], reply.text
    return reply.document["error"]
