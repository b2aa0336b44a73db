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
    state = module.stylize_start(picture, picture)["state_bytes"].numpy()
    pictures, one = {"content": picture, "style": picture}, np.int32(1)
    return [
        _request(model_name, "serving_default", {**pictures, "iterations": one}),
        _request(model_name, "stylize_encoded", {"content_bytes": encoded, "style_bytes": encoded, "iterations": one}),
        _request(model_name, "stylize_start", pictures),
        _request(model_name, "stylize_step", {**pictures, "state_bytes": state, "iterations": one}),
        _request(model_name, "evaluate", {**pictures, "image": picture}),
        _request(model_name, "describe", {}),
    ]


def _request(model_name: str, signature: str, inputs: Mapping[str, Any]) -> predict_pb2.PredictRequest:
    request = predict_pb2.PredictRequest()
    request.model_spec.name = model_name
    request.model_spec.signature_name = signature
    for name, value in inputs.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
    return request
