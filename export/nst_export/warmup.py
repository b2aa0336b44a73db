"""Warm-up requests: what a server runs at load, so that the first client does not wait.

A server builds an executor for each distinct set of outputs, so there is one record for each set
that `nst_client` asks for (tensorflow_serving/servables/tensorflow/saved_model_warmup_util.cc).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2

from nst_graph.style_transfer import StyleTransfer

SIDE = 64  # pixels: small, since cuDNN tunes itself for each size anyway


def warmup_requests(module: StyleTransfer, model_name: str) -> list[predict_pb2.PredictRequest]:
    """A request for every signature of a module, with all its outputs, as the client calls it.

    The signatures for XLA have none: a server that was not started for XLA would fail at the request,
    and with it the load of the whole model.
    """
    levels = np.linspace(0, 255, SIDE).astype(np.uint8)
    picture = np.stack(np.broadcast_arrays(levels[:, None], levels[None, :], levels[::-1, None]), axis=-1)
    encoded = tf.io.encode_png(picture).numpy()
    inputs = {
        **dict.fromkeys(("content", "style", "image"), picture),
        **dict.fromkeys(("content_bytes", "style_bytes"), encoded),
        "state_bytes": module.stylize_start(picture, picture)["state_bytes"].numpy(),
        "iterations": np.int32(1),
        "size": np.int32(0),
    }
    requests = []
    for name, row in module.rows.items():
        if not row.xla:
            requests.append(_request(model_name, name, {alias: inputs[alias] for alias in row.inputs}))
    evaluate = {name: inputs[name] for name in ("content", "style", "image")}
    return [*requests, _request(model_name, "evaluate", evaluate), _request(model_name, "describe", {})]


def _request(model_name: str, signature: str, inputs: Mapping[str, Any]) -> predict_pb2.PredictRequest:
    request = predict_pb2.PredictRequest()
    request.model_spec.name = model_name
    request.model_spec.signature_name = signature
    for name, value in inputs.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
    return request
