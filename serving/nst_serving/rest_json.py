"""JSON to requests and replies to JSON, as TensorFlow Serving's REST interface has them.

Source: tensorflow_serving/util/json_tensor.cc. Of its two formats only the columnar one, `inputs`, fits a
style transfer model: the row format wants the same first dimension of every tensor.
"""

from __future__ import annotations

import base64
import itertools
import json
import math
from collections.abc import Mapping
from typing import Any

import grpc
import numpy as np
import tensorflow as tf
from tensorflow.core.framework import types_pb2
from tensorflow.core.protobuf import meta_graph_pb2
from tensorflow_serving.apis import predict_pb2

from nst_serving.errors import RequestError
from nst_serving.predict import DEFAULT_SIGNATURE
from nst_serving.tensors import array_of

# absl::Base64Unescape lets blanks through anywhere, takes "." for "=", and does without either at the end.
BASE64_BLANKS = str.maketrans(".", "=", " \t\n\v\f\r")

JSON_TYPES = {
    type(None): "Null",
    False: "False",
    True: "True",
    dict: "Object",
    str: "String",
    int: "Number",
    float: "Number",
}


def json_object(body: bytes) -> dict[str, Any]:
    """The document that a body starts with; whatever follows it is not read.

    Raises:
        RequestError: INVALID_ARGUMENT.
    """
    if not body:
        raise _invalid("JSON Parse error: The document is empty")
    text = body.decode("utf-8-sig", "surrogateescape")  # the server lets bytes that are no UTF-8 through
    try:
        document, _ = json.JSONDecoder(parse_float=_float).raw_decode(text, len(text) - len(text.lstrip(" \t\r\n")))
    except json.JSONDecodeError as error:
        offset = len(text[: error.pos].encode("utf-8", "surrogateescape"))
        raise _invalid(f"JSON Parse error: {error.msg} at offset: {offset}") from error
    except (ValueError, RecursionError) as error:
        raise _invalid(f"JSON Parse error: {error}") from error
    if not isinstance(document, dict):
        raise _invalid(f"JSON Value: {_shown(document)} Is not object")
    if not isinstance(document.get("signature_name", ""), str):
        words = "not formatted correctly. 'signature_name' key must be a string value."
        raise _invalid(f"JSON Value: {_shown(document)} {words}")
    return document


def _float(text: str) -> float:
    number = float(text)
    if math.isinf(number):  # RapidJSON's words
        raise ValueError("Number too big to be stored in double.")
    return number


def predict_request(
    document: dict[str, Any], signatures: Mapping[str, meta_graph_pb2.SignatureDef]
) -> predict_pb2.PredictRequest:
    """The request in a document, without its model_spec's name.

    Every input of the signature must be there: defaults are for gRPC. Others are ignored.

    Raises:
        RequestError: INVALID_ARGUMENT.
    """
    name = document.get("signature_name") or DEFAULT_SIGNATURE
    if name not in signatures:
        raise _invalid(f'Serving signature name: "{name}" not found in signature def')
    infos = signatures[name].inputs
    if not infos:
        raise _invalid(f"Failed to get input map for signature: {name}")
    inputs = _named_inputs(document, list(infos))
    request = predict_pb2.PredictRequest()
    request.model_spec.signature_name = name
    for alias, info in sorted(infos.items()):
        if alias not in inputs:
            raise _invalid(f"Missing named input: {alias} in 'inputs' object.")
        request.inputs[alias].CopyFrom(tf.make_tensor_proto(_array(inputs[alias], tf.as_dtype(info.dtype))))
    return request


def outputs_json(reply: predict_pb2.PredictResponse) -> dict[str, Any]:
    """The body of an answer: one output stands alone, several under their names."""
    values = {alias: _plain(alias, array_of(proto)) for alias, proto in reply.outputs.items()}
    return {"outputs": next(iter(values.values())) if len(values) == 1 else values}


def _named_inputs(document: dict[str, Any], names: list[str]) -> dict[str, Any]:
    if "instances" in document and "inputs" in document:
        words = "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist "
        raise _invalid(f"JSON Value: {_shown(document)} {words}")
    if "instances" in document:
        raise _invalid("The row format, 'instances', does not fit this model; use the columnar format, 'inputs'")
    if "inputs" not in document:
        raise _invalid("Missing 'inputs' or 'instances' key")
    inputs = document["inputs"]
    if isinstance(inputs, dict) and not _is_base64(inputs):
        return inputs
    if len(names) > 1:
        raise _invalid(
            "inputs is a plain value/list, but expecting an object as multiple input tensors required as per "
            "tensorinfo_map"
        )
    return {names[0]: inputs}


def _array(value: Any, dtype: tf.DType) -> np.ndarray:
    shape, leaves = _shape_and_leaves(value)
    # A picture has millions of values and few different ones; the type tells 1 from true.
    different = {(type(leaf), id(leaf) if isinstance(leaf, dict) else leaf): leaf for leaf in leaves}
    for leaf in different.values():
        _check(leaf, dtype)
    try:
        if dtype == tf.string:
            items = np.empty(len(leaves), dtype=object)  # of its own accord numpy cuts zeros off the end of bytes
            items[:] = [_bytes(leaf) for leaf in leaves]
        else:
            with np.errstate(over="ignore"):  # a number too large for its type is infinite, as in the server
                items = np.array(leaves, _read_as(dtype).as_numpy_dtype)
                items = items.astype(dtype.as_numpy_dtype)  # wraps what is out of range, as the server does
        return items.reshape(shape)
    except (ValueError, OverflowError) as error:  # half a surrogate pair, too many dimensions, 400 digits
        raise _invalid(f"JSON Value: {_shown(value)} {error}") from error


def _shape_and_leaves(value: Any) -> tuple[list[int], list[Any]]:
    """The first item of each level sets the shape, which all others must have.

    It goes level by level, not item by item: a picture has a million rows.
    """
    shape = []
    first = value
    while isinstance(first, list):
        shape.append(len(first))
        first = first[0] if first else None
    items = [value]
    for level, size in enumerate(shape):
        for item in items:
            if not isinstance(item, list):
                where = f"found at incorrect level: {level + 1} in the JSON DOM. Expected at level: {len(shape)}"
                raise _invalid(f"JSON Value: {_shown(item)} {where}")
            if len(item) != size:
                where = f"at level: {level} expected size: {size}"
                raise _invalid(f"Encountered list at unexpected size: {len(item)} {where}")
        items = list(itertools.chain.from_iterable(items))
    if any(isinstance(item, list) for item in items):
        raise _invalid(f"Encountered list at unexpected level: {len(shape)} expected < {len(shape)}")
    return shape, items


def _check(leaf: Any, dtype: tf.DType) -> None:
    kind = type(leaf)  # not isinstance: Python's bool is an int, JSON's is no number
    if dtype == tf.string:
        if kind is dict and not _is_base64(leaf):
            raise _invalid(f"JSON Value: {_shown(leaf)} not formatted correctly for base64 data")
        fits = kind in (str, dict)
    elif dtype.is_floating:
        fits = kind in (int, float)
    elif dtype == tf.bool:
        fits = kind is bool
    else:
        whole = _read_as(dtype)
        fits = kind is int and whole.min <= leaf <= whole.max
    if not fits:
        words = f"Type: {JSON_TYPES[leaf if kind is bool else kind]} is not of expected type: {_dtype_name(dtype)}"
        raise _invalid(f"JSON Value: {_shown(leaf)} {words}")


def _read_as(dtype: tf.DType) -> tf.DType:
    """Small integers are read as int32."""
    return tf.int32 if dtype.is_integer and dtype.size < tf.int32.size else dtype


def _dtype_name(dtype: tf.DType) -> str:
    name: str = types_pb2.DataType.Name(dtype.as_datatype_enum)
    return name.removeprefix("DT_").lower()


def _is_base64(value: dict[str, Any]) -> bool:
    return list(value) == ["b64"] and isinstance(value["b64"], str)


def _bytes(leaf: str | dict[str, str]) -> bytes:
    if isinstance(leaf, str):
        return leaf.encode("utf-8", "surrogateescape")
    try:
        return _unescaped(leaf["b64"])
    except ValueError as error:
        raise _invalid("Unable to base64 decode") from error


def _unescaped(text: str) -> bytes:
    packed = text.translate(BASE64_BLANKS)
    body = packed.rstrip("=")
    missing = -len(body) % 4
    if len(packed) - len(body) not in (0, missing):
        raise ValueError("wrong padding")
    return base64.b64decode(body + "=" * missing, validate=True)


def _shown(value: Any) -> str:
    try:
        return json.dumps(value, indent=4, ensure_ascii=False)
    except RecursionError:  # deeper than Python shows, not than it reads
        return "(nested too deeply to be shown)"


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
