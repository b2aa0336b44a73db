"""A server that knows every option, computes nothing, and keeps what it is sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from tensorflow_serving.apis import predict_pb2

from nst_client.calls.servers import Server, Servers
from nst_client.calls.style_client import StyleClient
from nst_client.calls.tensors import FIELDS, array_of, strings_of, tensor_of
from nst_client.contract import DESCRIBE, INPUTS

CARD: Mapping[str, Any] = {
    "contract": 2,
    "precision": "float32",
    "options": [{"name": name} for name in INPUTS],
    "presets": {
        "nst": {
            "iterations": 200,
            "optimizer": "adam",
            "plan": {"sizes": [], "ratio": 2.0, "smallest": 96, "levels": 3, "first": 80, "later": 50},
        }
    },
    "limits": {"max_pixels": 10_000},
}


class Recorded:
    """Answers every call with the content."""

    def __init__(self, card: Mapping[str, Any] = CARD) -> None:
        self._card = card
        self.calls: list[tuple[str, dict[str, Any]]] = []  # of each but `describe`: the signature and the inputs

    def Predict(self, request, timeout) -> predict_pb2.PredictResponse:  # noqa: N802
        reply = predict_pb2.PredictResponse(model_spec=request.model_spec)
        signature = request.model_spec.signature_name
        if signature == DESCRIBE:
            reply.outputs["model_card"].CopyFrom(tensor_of([json.dumps(self._card).encode()]))
            return reply
        inputs = {name: _value(proto) for name, proto in request.inputs.items()}
        self.calls.append((signature, inputs))
        reply.outputs["image"].CopyFrom(tensor_of(inputs["content"]))
        reply.outputs["state_bytes"].CopyFrom(tensor_of([b"a state"]))
        count = int(inputs.get("iterations", 0))
        reply.outputs["losses"].CopyFrom(tensor_of(np.ones((count, 4), np.float32)))
        return reply

    def client(self) -> StyleClient:
        return StyleClient(servers=Servers([Server("recorded:1", self, None, lambda: None)]))


def _value(proto) -> Any:
    return array_of(proto) if proto.dtype in FIELDS else strings_of(proto)
