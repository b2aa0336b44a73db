"""How far the answers of two models to the same calls differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from nst_export.errors import SavedModelError
from nst_export.saved_model.messages import model_pb2, predict_pb2, tensor_pb2
from nst_export.saved_model.tensor_arrays import TEXTS, array_of, proto_of
from nst_export.toolkit.difference import Behaviour, CallDifference, OutputDifference
from nst_export.toolkit.inspection import DEFAULT_SIGNATURE
from nst_export.toolkit.report import Report
from nst_export.toolkit.sample_inputs import sample_inputs

LOSSES = "losses"  # an output of ours: a row for each iteration, the total first
MOST_CALLS = 8  # of a model of other makers, by the signatures' names


class Sample(NamedTuple):
    """A call that both get."""

    signature: str
    inputs: Sequence[str]  # in words
    values: Mapping[str, np.ndarray]

    def request(self, model: str, version: int | None) -> predict_pb2.PredictRequest:
        """The request for one of them."""
        spec = model_pb2.ModelSpec(name=model, signature_name=self.signature)
        if version is not None:
            spec.version.value = version
        return predict_pb2.PredictRequest(
            model_spec=spec, inputs={name: proto_of(value) for name, value in self.values.items()}
        )


class Answer(NamedTuple):
    """What came of it."""

    reply: predict_pb2.PredictResponse | None
    seconds: float | None  # of the shortest call
    problem: str  # empty if there is a reply


def answer(reply: bytes | None, seconds: float | None, problem: str) -> Answer:
    """An answer whose reply stands in bytes."""
    return Answer(None if reply is None else predict_pb2.PredictResponse.FromString(reply), seconds, problem)


def samples(a: Report, b: Report, pictures: Mapping[str, np.ndarray], numbers: Mapping[str, int]) -> list[Sample]:
    """The calls: of two models of ours the default signature, else one of each signature that both have.

    Args:
        a: gives the inputs.
        b: gets the same ones.
        pictures: by the inputs' names; where there are none they are made.
        numbers: likewise.
    """
    ours = a.card is not None and b.card is not None
    names = {one.name for one in b.signatures}
    found = [one for one in a.signatures if one.name in names and (not ours or one.name == DEFAULT_SIGNATURE)]
    calls = [(one.name, sample_inputs(one, pictures, numbers)) for one in found[:MOST_CALLS]]
    return [Sample(name, [_described(*item) for item in values.items()], values) for name, values in calls]


def behaviour(
    calls: Sequence[Sample], a: Sequence[Answer], b: Sequence[Answer], a_bytes: int | None, b_bytes: int | None
) -> Behaviour:
    """How far the answers differ.

    Args:
        calls: what was asked.
        a: the answers of A, in the same order.
        b: those of B.
        a_bytes: memory that A took.
        b_bytes: memory that B took.
    """
    rows = [_call(call, one, other) for call, one, other in zip(calls, a, b, strict=True)]
    return Behaviour(rows, a_bytes, b_bytes, _ratio(a_bytes, b_bytes))


def _call(call: Sample, a: Answer, b: Answer) -> CallDifference:
    outputs: list[OutputDifference] = []
    a_loss = b_loss = None
    if a.reply is not None and b.reply is not None:
        outputs = [
            _output(name, proto, b.reply.outputs[name])
            for name, proto in sorted(a.reply.outputs.items())
            if name in b.reply.outputs
        ]
        a_loss, b_loss = _last_loss(a.reply), _last_loss(b.reply)
    ratio = _ratio(a.seconds, b.seconds)
    return CallDifference(
        call.signature,
        call.inputs,
        outputs,
        a_loss,
        b_loss,
        a.seconds,
        b.seconds,
        ratio,
        a.problem,
        b.problem,
    )


def _output(name: str, a: tensor_pb2.TensorProto, b: tensor_pb2.TensorProto) -> OutputDifference:
    try:
        one, other = array_of(a), array_of(b)
    except SavedModelError as error:
        return OutputDifference(name, None, None, str(error))
    if one.dtype != other.dtype or one.shape != other.shape:
        words = f"{one.dtype} of shape {one.shape}, and {other.dtype} of shape {other.shape}"
        return OutputDifference(name, None, None, words)
    if one.dtype == TEXTS:
        same = one.tolist() == other.tolist()
        return OutputDifference(name, None, None, "the same texts" if same else "other texts")
    kind = np.complex128 if one.dtype.kind == "c" else np.float64
    distance = np.abs(one.astype(kind) - other.astype(kind)) if one.size else np.zeros(1)
    if not np.isfinite(distance).all():
        same = np.array_equal(one.astype(kind), other.astype(kind), equal_nan=True)
        return OutputDifference(name, None, None, "the same, not all finite" if same else "not all finite")
    return OutputDifference(name, float(distance.mean()), float(distance.max()), "")


def _last_loss(reply: predict_pb2.PredictResponse) -> float | None:
    if LOSSES not in reply.outputs:
        return None
    losses = array_of(reply.outputs[LOSSES])
    if losses.ndim != 2 or not losses.size or losses.dtype.kind != "f":
        return None
    total = float(losses[-1, 0])
    return total if np.isfinite(total) else None


def _ratio(a: float | None, b: float | None) -> float | None:
    return b / a if a and b else None


def _described(name: str, value: np.ndarray) -> str:
    if value.ndim == 0:
        one = value.item()
        return f"{name}={one.decode() if isinstance(one, bytes) else one}"
    dtype = "string" if value.dtype == TEXTS else value.dtype.name
    return f"{name} {dtype}[{','.join(map(str, value.shape))}]"
