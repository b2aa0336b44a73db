"""Predict: TensorFlow Serving's checks, in its order and its words.

Sources: tensorflow_serving/servables/tensorflow/predict_util.cc and tensorflow/cc/saved_model/util.cc.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import grpc
import numpy as np
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2
from tensorflow.core.protobuf import meta_graph_pb2
from tensorflow_serving.apis import predict_pb2

from nst_serving.errors import RequestError
from nst_serving.tensors import array_of, proto_of

DEFAULT_SIGNATURE = "serving_default"

Fetched = list[np.ndarray]


def predict(
    signatures: Mapping[str, meta_graph_pb2.SignatureDef],
    request: predict_pb2.PredictRequest,
    run: Callable[[Mapping[str, np.ndarray], Sequence[str]], Fetched],
    *,
    tensor_content: bool = False,
) -> dict[str, tensor_pb2.TensorProto]:
    """The outputs of one call by alias.

    Args:
        signatures: the model's.
        request: what the client sent.
        run: runs the graph on values by tensor name and returns those of the tensors named.
        tensor_content: encode outputs as raw bytes, not in typed fields.

    Raises:
        RequestError: with the code and text that TensorFlow Serving gives.
    """
    name = request.model_spec.signature_name or DEFAULT_SIGNATURE
    if name not in signatures:
        raise RequestError(grpc.StatusCode.FAILED_PRECONDITION, f'Serving signature key "{name}" not found.')
    signature = signatures[name]
    feeds = _feeds(signature, request)
    aliases = list(request.output_filter) or sorted(signature.outputs)
    results = run(feeds, _fetches(signature, aliases))
    return {
        alias: proto_of(result, tensor_content=tensor_content) for alias, result in zip(aliases, results, strict=True)
    }


def _feeds(signature: meta_graph_pb2.SignatureDef, request: predict_pb2.PredictRequest) -> dict[str, np.ndarray]:
    wanted, sent = set(signature.inputs), set(request.inputs)
    if len(sent) > len(wanted) or (len(sent) < len(wanted) and not signature.defaults):
        raise _invalid(
            f"input size does not match signature: {len(sent)}!={len(wanted)} len({_set(sent)}) != "
            f"len({_set(wanted)}). Sent extra: {_set(sent - wanted)}. Missing but required: {_set(wanted - sent)}."
        )
    feeds = {}
    for alias in sorted(wanted):
        proto = request.inputs[alias] if alias in sent else signature.defaults.get(alias)
        if proto is None:
            raise _invalid(
                f"Signature input alias: {alias}(feed name: {signature.inputs[alias].name}) not found in request "
                f"and no default value provided. Inputs expected to be in the request {_set(sent)}, or default "
                f"input alias set: {','.join(sorted(signature.defaults))}"
            )
        feeds[signature.inputs[alias].name] = _parsed(alias, proto)
    if sent - wanted:
        used, received = ",".join(sorted(sent & wanted)), ",".join(sorted(sent))
        raise _invalid(f"Inputs contains invalid name. Used request inputs: {used}, request input: {received}")
    return feeds


def _parsed(alias: str, proto: tensor_pb2.TensorProto) -> np.ndarray:
    try:
        return array_of(proto)
    except (tf.errors.OpError, TypeError, MemoryError) as error:  # one value may stand for millions
        raise _invalid(f"tensor parsing error: {alias}") from error


def _fetches(signature: meta_graph_pb2.SignatureDef, aliases: list[str]) -> list[str]:
    seen: set[str] = set()
    for alias in aliases:
        if alias not in signature.outputs:
            raise _invalid(
                f"output tensor alias not found in signature: {alias} "
                f"Outputs expected to be in the set {_set(signature.outputs)}."
            )
        if alias in seen:
            raise _invalid(f"duplicate output tensor alias: {alias}")
        seen.add(alias)
    return [signature.outputs[alias].name for alias in aliases]


def _set(names: Iterable[str]) -> str:
    return "{" + ",".join(sorted(names)) + "}"


def _invalid(message: str) -> RequestError:
    return RequestError(grpc.StatusCode.INVALID_ARGUMENT, message)
