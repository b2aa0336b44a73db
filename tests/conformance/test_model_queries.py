"""GetModelMetadata and GetModelStatus."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from tensorflow.core.framework import types_pb2
from tensorflow_serving.apis import get_model_metadata_pb2, get_model_status_pb2

from tests.conformance.calls import INVALID, TIMEOUT_SECONDS, Case, fill_spec, refusal, version_states, words

NOT_FOUND = grpc.StatusCode.NOT_FOUND
AVAILABLE = get_model_status_pb2.ModelVersionStatus.AVAILABLE


def metadata_request(target, fields=("signature_def",), **spec: Any):
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=fields)
    fill_spec(request.model_spec, {"name": target.model} | spec)
    return request


def status_request(target, **spec: Any):
    request = get_model_status_pb2.GetModelStatusRequest()
    fill_spec(request.model_spec, {"name": target.model} | spec)
    return request


NO_FIELD = "GetModelMetadataRequest must specify at least one metadata_field"
NO_LABEL = "Unrecognized servable version label: no-such-label"
NO_MODEL = "Servable not found for request: Latest(no-such-model)"
SEEN = "seen on 2.20.0; get_model_metadata_impl.cc:"
METADATA = [  # `change` holds the metadata fields
    Case("no field", NO_FIELD, f"{SEEN}38", change={"fields": ()}),
    Case("another field", "Metadata field assets is not supported", f"{SEEN}43", change={"fields": ("assets",)}),
    Case(
        "another field beside a good one", "Metadata field x is not supported", f"{SEEN}43",
        change={"fields": ("signature_def", "x")},
    ),
    Case("no field of no model", NO_FIELD, "get_model_metadata_impl.cc:88", spec={"name": ""}, change={"fields": ()}),
    Case("no name", "ModelSpec has no name specified.", "server_core.cc:844", spec={"name": ""}),
    Case("unknown model", NO_MODEL, "basic_manager.cc:139", NOT_FOUND, spec={"name": "no-such-model"}),
    Case(
        "unknown version", "Servable not found for request: Specific($model, 7777777)", "manager.h:152", NOT_FOUND,
        spec={"version": 7777777},
    ),
    Case("unknown label", NO_LABEL, "server_core.cc:891", spec={"version_label": "no-such-label"}),
]  # fmt: skip

STATUS = [
    Case(
        "unknown model", "Could not find any versions of model no-such-model",
        "seen on 2.20.0; get_model_status_impl.cc:100", NOT_FOUND, spec={"name": "no-such-model"},
    ),
    Case(
        "no name", "Could not find any versions of model ", "get_model_status_impl.cc:100: no check of the name",
        NOT_FOUND, spec={"name": ""},
    ),
    Case(
        "unknown version", "Could not find version 7777777 of model $model",
        "seen on 2.20.0; get_model_status_impl.cc:89", NOT_FOUND, spec={"version": 7777777},
    ),
    Case(
        "version 0", "Could not find version 0 of model $model", "get_model_status_impl.cc:83", NOT_FOUND,
        spec={"version": 0},
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", METADATA, ids=str)
def test_bad_questions_for_metadata_are_refused(stubs, target, case):
    request = metadata_request(target, **case.change, **case.spec)
    assert refusal(stubs.prediction.GetModelMetadata, request) == (case.code, words(target, case.text)), case.fact


@pytest.mark.fact("get_model_metadata_impl.cc:79")
def test_metadata_needs_a_model_spec(stubs):
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    assert refusal(stubs.prediction.GetModelMetadata, request) == (INVALID, "Missing ModelSpec")


@pytest.fixture(scope="module")
def metadata(stubs, target):
    return stubs.prediction.GetModelMetadata(metadata_request(target), timeout=TIMEOUT_SECONDS)


@pytest.mark.fact("get_model_metadata_impl.cc:60: name and version, no signature")
def test_metadata_names_model_and_version(target, metadata):
    assert metadata.model_spec.name == target.model
    assert metadata.model_spec.version.value == target.version
    assert not metadata.model_spec.signature_name


@pytest.mark.fact("get_model_metadata_impl.cc:64")
def test_metadata_is_one_map_of_signatures(metadata):
    assert list(metadata.metadata) == ["signature_def"]
    assert metadata.metadata["signature_def"].type_url == "type.googleapis.com/tensorflow.serving.SignatureDefMap"


@pytest.mark.fact("get_model_metadata_impl.cc:55: all that are in the SavedModel, the loader's own too")
def test_metadata_holds_every_signature(target):
    stylize = {"serving_default", "stylize_encoded", "stylize_start", "stylize_step"}
    assert stylize | {"evaluate", "describe"} <= set(target.signatures)
    assert "__saved_model_init_op" in target.signatures


@pytest.mark.fact("get_model_metadata_impl.cc:57: the SignatureDef as it is")
def test_a_signature_tells_names_types_and_shapes(target):
    signature = target.signatures["serving_default"]
    assert signature.method_name == "tensorflow/serving/predict"
    content, iterations = signature.inputs["content"], signature.inputs["iterations"]
    assert (content.dtype, [dim.size for dim in content.tensor_shape.dim]) == (types_pb2.DT_UINT8, [-1, -1, 3])
    assert (iterations.dtype, len(iterations.tensor_shape.dim)) == (types_pb2.DT_INT32, 0)
    assert {"image", "losses"} <= set(signature.outputs)


@pytest.mark.fact("get_model_metadata_impl.cc:57, since 2.14")
def test_a_signature_tells_its_defaults(target):
    defaults = target.signatures["serving_default"].defaults
    assert {"content_weight", "style_weight", "tv_weight", "learning_rate"} <= set(defaults)
    assert "iterations" not in defaults
    assert all(
        proto.dtype == target.signatures["serving_default"].inputs[name].dtype for name, proto in defaults.items()
    )


@pytest.mark.fact("get_model_metadata_impl.cc:89: once for each time it is named")
def test_a_field_named_twice_is_answered_once(stubs, target, metadata):
    request = metadata_request(target, ("signature_def", "signature_def"), version=target.version)
    assert list(stubs.prediction.GetModelMetadata(request, timeout=TIMEOUT_SECONDS).metadata) == ["signature_def"]


@pytest.mark.parametrize("case", STATUS, ids=str)
def test_the_status_of_what_is_not_there_is_not_found(stubs, target, case):
    request = status_request(target, **case.spec)
    assert refusal(stubs.models.GetModelStatus, request) == (case.code, words(target, case.text)), case.fact


@pytest.mark.fact("get_model_status_impl.cc:70")
def test_status_needs_a_model_spec(stubs):
    request = get_model_status_pb2.GetModelStatusRequest()
    assert refusal(stubs.models.GetModelStatus, request) == (INVALID, "Missing ModelSpec")


@pytest.mark.fact("servable_state_monitor.h:69, std::greater")
def test_versions_come_highest_first(stubs, target):
    versions = [version for version, _ in version_states(stubs, target)]
    assert versions == sorted(set(versions), reverse=True)
    assert (target.version, AVAILABLE) in version_states(stubs, target)


@pytest.mark.fact("get_model_status_impl.cc:83")
def test_one_version_may_be_asked_for(stubs, target):
    reply = stubs.models.GetModelStatus(status_request(target, version=target.version), timeout=TIMEOUT_SECONDS)
    (entry,) = reply.model_version_status
    assert (entry.version, entry.state) == (target.version, AVAILABLE)
    assert (entry.status.error_code, entry.status.error_message) == (0, "")
    assert entry.HasField("status")


@pytest.mark.fact("get_model_status_impl.cc:81: only a version is looked at")
@pytest.mark.parametrize("spec", [{"version_label": "no-such-label"}, {"signature_name": "paint"}], ids=str)
def test_status_looks_at_name_and_version_alone(stubs, target, spec):
    reply = stubs.models.GetModelStatus(status_request(target, **spec), timeout=TIMEOUT_SECONDS)
    assert target.version in [entry.version for entry in reply.model_version_status]
