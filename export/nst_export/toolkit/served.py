"""`nst inspect` of a server: what its protocol tells of a model, as a report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from nst_export.errors import CardError, SavedModelError
from nst_export.saved_model.messages import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_pb2,
    predict_pb2,
)
from nst_export.saved_model.model_card import JsonObject, card_from
from nst_export.toolkit.meanings import meanings_of
from nst_export.toolkit.report import Report, VersionState
from nst_export.toolkit.requirements import requirements
from nst_export.toolkit.signatures import SignatureDefs, signature_rows

SIGNATURES = "signature_def"  # the only metadata that TensorFlow Serving hands out
DESCRIBE, CARD = "describe", "model_card"
NO_CARD: Mapping[str, str] = {}


class Call(Protocol):
    """One call of a server; what fails is raised in words for the person who asked."""

    def __call__(self, service: str, method: str, request: Any, deadline_seconds: float = ...) -> Any:
        """The reply, within a few seconds where none are given. Services: `prediction` and `model`."""


def model_spec(model: str, version: int | None = None, label: str | None = None) -> model_pb2.ModelSpec:
    """How a request names a model, and one of its versions by number or by label; without both the newest is meant."""
    spec = model_pb2.ModelSpec(name=model)
    if version is not None:
        spec.version.value = version
    if label is not None:
        spec.version_label = label
    return spec


def served(call: Call, address: str, model: str, version: int | None = None, label: str | None = None) -> Report:
    """What a server says of a model.

    Args:
        call: calls the server.
        address: of the server, for the report.
        model: its name on the server.
        version: of the model; without it and a label the server's newest.
        label: of the version on the server.

    Raises:
        SavedModelError: the answer is not what the protocol says.
    """
    spec = model_spec(model, version, label)
    states = version_states(call, model)
    number, definitions = served_signatures(call, address, spec)
    problems: list[str] = []
    card, meanings = _card(call, spec, definitions, problems)
    return Report(
        source=address,
        model=model,
        version=number,
        tensorflow=str(card["versions"].get("tensorflow", "")) if card else "",
        graph_version=None,
        oldest_graph_reader=None,
        tags=[],
        requirements=requirements(definitions, None),
        card=card,
        cost=None,
        slow_here=None,
        signatures=signature_rows(definitions, meanings),
        functions=None,
        ops=[],
        variables=[],
        warmup=[],
        files=[],
        fingerprint=None,
        states=states,
        problems=problems,
    )


def served_signatures(call: Call, address: str, spec: model_pb2.ModelSpec) -> tuple[int, SignatureDefs]:
    """The version that a server means, and its signatures.

    Raises:
        SavedModelError: the answer is not what the protocol says.
    """
    request = get_model_metadata_pb2.GetModelMetadataRequest(model_spec=spec, metadata_field=[SIGNATURES])
    reply = call("prediction", "GetModelMetadata", request)
    packed = get_model_metadata_pb2.SignatureDefMap()
    if not reply.metadata[SIGNATURES].Unpack(packed):
        raise SavedModelError(f"{address} does not say which signatures it serves.", "Name a TensorFlow Serving.")
    return reply.model_spec.version.value, packed.signature_def


def version_states(call: Call, model: str) -> list[VersionState]:
    """The versions of a model that a server knows, the newest first."""
    request = get_model_status_pb2.GetModelStatusRequest(model_spec=model_pb2.ModelSpec(name=model))
    names = get_model_status_pb2.ModelVersionStatus.State
    return [
        VersionState(entry.version, names.Name(entry.state), entry.status.error_message)
        for entry in call("model", "GetModelStatus", request).model_version_status
    ]


def _card(
    call: Call, spec: model_pb2.ModelSpec, definitions: SignatureDefs, problems: list[str]
) -> tuple[JsonObject | None, Mapping[str, str]]:
    """The model card and what it says of options; neither for a model that is not ours."""
    if DESCRIBE not in definitions or CARD not in definitions[DESCRIBE].outputs:
        return None, NO_CARD
    request = predict_pb2.PredictRequest(model_spec=spec)
    request.model_spec.signature_name = DESCRIBE
    texts = call("prediction", "Predict", request).outputs[CARD].string_val
    try:
        card = card_from(texts[0].decode(errors="replace") if texts else "")._asdict()
        return card, meanings_of(card)
    except CardError as error:
        problems.append(str(error))
        return None, NO_CARD
