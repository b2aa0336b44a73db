"""Questions to a server that has the version, too: `nst verify --against`."""

from __future__ import annotations

import tensorflow as tf

from nst_export.saved_model.messages import predict_pb2
from nst_export.saved_model.tensor_arrays import array_of
from nst_export.toolkit.inspection import inspected
from nst_export.toolkit.served import served
from nst_export.verification.finding import DoesNotApply, Finding, judged
from nst_export.verification.pictures import OTHER_MACHINE, differences
from nst_export.verification.runs import result_or_none
from nst_export.verification.samples import Arrays
from nst_export.verification.subject import ServedCopy, Subject

REMEDY = "Look whether the server has this version: `nst inspect HOST:PORT`. Copy it there with `nst copy`."
DEADLINE_SECONDS = 300.0  # a GPU prepares itself for a new size at its first run


def served_signatures_are_these(subject: Subject) -> Finding:
    """Signatures, defaults and model card are those on disk."""
    copy = subject.served
    here, there = inspected(subject.folder, digests=False), served(copy.call, copy.address, copy.model, copy.version)
    faults = [] if here.signatures == there.signatures else ["its signatures are others"]
    faults += [] if here.card == there.card else ["its model card is another one"]
    return judged(faults, f"{copy.model} version {there.version} at {copy.address}", REMEDY)


def served_answers_are_these(subject: Subject) -> Finding:
    """Each signature that runs here gives the same there."""
    copy, faults, compared = subject.served, [], []
    for name in subject.signatures:
        if name.endswith("_xla") and subject.is_ours:  # which most servers refuse
            continue
        here = result_or_none(subject, name)
        if here is not None:
            compared.append(name)
            there = _predict(copy, name, subject.session.sample(name))
            faults += [f"{name}: {fault}" for fault in differences(there, here, OTHER_MACHINE)]
    if not compared:
        raise DoesNotApply("no signature could be run here")
    return judged(faults, f"{len(compared)} signatures at {copy.address}", REMEDY)


def _predict(copy: ServedCopy, name: str, inputs: Arrays) -> Arrays:
    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = copy.model, name
    if copy.version is not None:
        request.model_spec.version.value = copy.version
    for alias, value in inputs.items():
        request.inputs[alias].CopyFrom(tf.make_tensor_proto(value))
    reply = copy.call("prediction", "Predict", request, deadline_seconds=DEADLINE_SECONDS)
    return {alias: array_of(tensor) for alias, tensor in reply.outputs.items()}
