"""JSON to requests and replies to JSON, as TensorFlow Serving's REST interface has them.

Source: tensorflow_serving/util/json_tensor.cc. Of its two formats only the columnar one, `inputs`, fits a
style transfer model: the row format wants the same first dimension of every tensor.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

import grpc
import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import meta_graph_pb2
from tensorflow_serving.apis import predict_pb2

from nst_serving.errors import RequestError
from nst_serving.predict import DEFAULT_SIGNATURE
from nst_serving.tensors import array_of


def predict_request(body: bytes, signatures: Mapping[str, meta_graph_pb2.SignatureDef]) -> predict_pb2.PredictRequest:
    """The request in a body, without its model_spec's name.

    Every input of the signature must be there: defaults are for gRPC. Others are ignored.

    Raises:
        RequestError: INVALID_ARGUMENT.
    """
    document = _document(body)
    name = document.get("signature_name", DEFAULT_SIGNATURE)
    if name not in signatures:
        raise _invalid(f'Serving signature name: "{name}" not found in signature def')
    signature = signatures[name]
    if not signature.inputs:
        raise _invalid(f"Failed to get input map for signature: {name}")
    request = predict_pb2.PredictRequest()
    request.model_spec.signature_name = name
    inputs = document["inputs"]
    if len(signature.inputs) == 1 and not isinstance(inputs, dict):
        inputs = {next(iter(signature.inputs)): inputs}
    if not isinstance(inputs, dict):
        raise _invalid("'inputs' must be an object with a value for each input of the signature")
    for alias, info in sorted(signature.inputs.items()):
        if alias not in inputs:
            raise _invalid(f"Missing named input: {alias} in 'inputs' object.")
        request.inputs[alias].CopyFrom(tf.make_tensor_proto(_array(alias, inputs[alias], tf.as_dtype(info.dtype))))
    return request


def outputs_json(reply: predict_pb2.PredictResponse) -> dict[str, Any]:
    """The body of an answer: one output stands alone, several under their names."""
    values = {alias: _plain(alias, array_of(proto)) for alias, proto in reply.outputs.items()}
    return {"outputs": next(iter(values.values())) if len(values) == 1 else values}


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _invalid(f"JSON Parse error: {error}") from error
    if not isinstance(document, dict):
        raise _invalid("Request body must be a JSON object")
    if "instances" in document and "inputs" in document:
        raise _invalid("Request has both 'instances' and 'inputs' keys; it must have exactly one of them")
    if "instances" in document:
        raise _invalid("The row format, 'instances', does not fit this model; use the columnar format, 'inputs'")
    if "inputs" not in document:
        raise _invalid("Missing 'inputs' or 'instances' key")
    if not isinstance(document.get("signature_name", ""), str):
        raise _invalid("'signature_name' key must be a string value.")
    return document


def _array(alias: str, value: Any, dtype: tf.DType) -> np.ndarray:
    try:
        if dtype == tf.string:
            return np.array(_strings(value), dtype=object)
        array = np.array(value)
        if array.dtype.kind not in "iufb" or (dtype.is_integer and array.dtype.kind == "f"):
            raise ValueError(f"{array.dtype} is not {dtype.name}")
        return array.astype(dtype.as_numpy_dtype)  # wraps what is out of range, as the server does
    except (ValueError, TypeError, OverflowError, binascii.Error) as error:
        raise _invalid(f"JSON value of input {alias} is not of type {dtype.name}: {error}") from error


def _strings(value: Any) -> Any:
    if isinstance(value, list):
        return [_strings(item) for item in value]
    if isinstance(value, dict) and set(value) == {"b64"}:
        return base64.b64decode(value["b64"], validate=True)
    if isinstance(value, str):
        return value.encode()
    raise TypeError('a string, or an object {"b64": ...}, is due')


def _plain(alias: str, array: np.ndarray) -> Any:
    if array.dtype != object:
        return array.tolist()
    if alias.endswith("_bytes"):
        return _each(array.tolist(), lambda item: {"b64": base64.b64encode(item).decode()})
    return _each(array.tolist(), lambda item: item.decode(errors="replace"))


def _each(value: Any, convert: Any) -> Any:
    return [_each(item, convert) for item in value] if isinstance(value, list) else convert(value)


def _invalid(message: str) -> RequestError:
    return RequestError(grpc.StatusCode.INVALID_ARGUMENT, message)
