"""Questions to the warm-up requests, without running them."""

from __future__ import annotations

from collections.abc import Iterator

from nst_export.saved_model.messages import meta_graph_pb2, predict_pb2
from nst_export.saved_model.tensor_values import dtype_name, shape_of
from nst_export.toolkit.inspection import DEFAULT_SIGNATURE
from nst_export.toolkit.words import tensor_in_words
from nst_export.verification.finding import EXPORT_AGAIN, DoesNotApply, Finding, judged
from nst_export.verification.kinds import Kind, may_be
from nst_export.verification.subject import Subject

WRITE_AGAIN = "Write the warm-up file again, or delete it: a server refuses to load the version with it."


def requests_fit(subject: Subject) -> Finding:
    """Each is whole, and asks for what the signatures have."""
    faults = []
    for number, request in enumerate(subject.warmup, start=1):
        name = request.model_spec.signature_name or DEFAULT_SIGNATURE
        definition = subject.signatures.get(name)
        found = _faults(request, definition) if definition else [f"there is no signature {name}"]
        faults += [f"request {number}, {name}: {fault}" for fault in found]
    return judged(faults, f"{len(subject.warmup)} requests", WRITE_AGAIN)


def _faults(request: predict_pb2.PredictRequest, definition: meta_graph_pb2.SignatureDef) -> Iterator[str]:
    for name in sorted(definition.inputs.keys() - request.inputs.keys() - definition.defaults.keys()):
        yield f"it lacks {name}"
    for name, tensor in sorted(request.inputs.items()):
        if name not in definition.inputs:
            yield f"there is no input {name}"
            continue
        sent = Kind(dtype_name(tensor.dtype), shape_of(tensor.tensor_shape))
        wanted = Kind(dtype_name(definition.inputs[name].dtype), shape_of(definition.inputs[name].tensor_shape))
        if sent.dtype != wanted.dtype or not may_be(sent.shape, wanted.shape):
            yield f"{name} is {tensor_in_words(sent)}, and must be {tensor_in_words(wanted)}"
    for name in request.output_filter:
        if name not in definition.outputs:
            yield f"there is no output {name}"


def requests_cover_the_client(subject: Subject) -> Finding:
    """A server prepares each set of outputs at its first use, which takes long; `nst` asks for all outputs always."""
    if not subject.is_ours:
        raise DoesNotApply("the model is not ours: nobody knows what its clients ask for")
    try:
        requests = subject.warmup
    except DoesNotApply as absent:
        return judged([f"{absent}: the first caller of each signature waits"], "", EXPORT_AGAIN)
    covered = set()
    for request in requests:
        name = request.model_spec.signature_name or DEFAULT_SIGNATURE
        outputs = subject.signatures[name].outputs.keys() if name in subject.signatures else ()
        if not request.output_filter or set(request.output_filter) == set(outputs):
            covered.add(name)
    compiled = {name for name in subject.signatures if name.endswith("_xla")}
    faults = [
        f"none asks {name} for all its outputs" for name in sorted(subject.signatures.keys() - covered - compiled)
    ]
    faults += [f"one asks {name}, which a server without XLA refuses at load" for name in sorted(compiled & covered)]
    return judged(faults, f"{len(covered)} signatures, each with all outputs", EXPORT_AGAIN)
