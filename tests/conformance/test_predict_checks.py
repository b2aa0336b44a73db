"""Predict's own checks, in the server's order and words."""

from __future__ import annotations

import re

import grpc
import numpy as np
import pytest
from tensorflow_serving.apis import predict_pb2

from tests.conformance.calls import INVALID, Case, check_it_serves, check_refusal, refusal
from tests.conformance.protos import uint8_proto

NOT_FOUND = grpc.StatusCode.NOT_FOUND
PRECONDITION = grpc.StatusCode.FAILED_PRECONDITION
NO_LABEL = "Unrecognized servable version label: no-such-label"
NO_MODEL = "Servable not found for request: Latest(no-such-model)"
NO_SIGNATURE = 'Serving signature key "paint" not found.'
NO_OUTPUT = "output tensor alias not found in signature: {} Outputs expected to be in the set {{image,losses}}."
NOTHING = dict.fromkeys(("content", "style", "iterations"))

CHECKS = [
    Case("no name", "ModelSpec has no name specified.", "server_core.cc:844", spec={"name": ""}),
    Case("unknown label", NO_LABEL, "seen on 2.20.0; server_core.cc:891", spec={"version_label": "no-such-label"}),
    Case(
        "unknown label of an unknown model", NO_LABEL, "server_core.cc:891",
        spec={"name": "no-such-model", "version_label": "no-such-label"},
    ),
    Case("unknown model", NO_MODEL, "basic_manager.cc:139", NOT_FOUND, spec={"name": "no-such-model"}),
    Case(
        "a longer name", "Servable not found for request: Latest($model.)", "basic_manager.cc:139", NOT_FOUND,
        spec={"name": "$model."},
    ),
    Case(
        "unknown version", f"Servable not found for request: Specific($model, {2**62})",
        "seen on 2.20.0; manager.h:152", NOT_FOUND, spec={"version": 2**62},
    ),
    Case(
        "version 0, which is not `none`", "Servable not found for request: Specific($model, 0)",
        "manager.h:152", NOT_FOUND, spec={"version": 0},
    ),
    Case(
        "a negative version", "Servable not found for request: Specific($model, -1)",
        "manager.h:152", NOT_FOUND, spec={"version": -1},
    ),
    Case("unknown signature", NO_SIGNATURE, "predict_util.cc:91", PRECONDITION, spec={"signature_name": "paint"}),
    Case(
        "unknown output", NO_OUTPUT.format("picture"), "seen on 2.20.0; predict_util.cc:138",
        output_filter=["picture"],
    ),
    Case("an output without a name", NO_OUTPUT.format(""), "predict_util.cc:138", output_filter=[""]),
    Case(
        "an output twice", "duplicate output tensor alias: image", "seen on 2.20.0; predict_util.cc:146",
        output_filter=["image", "losses", "image"],
    ),
    Case(
        "the loader's own signature",
        re.compile(r"^Node '.+' \(type: 'NoOp', num of outputs: 0\) does not have output 0"), "seen on 2.20.0",
        grpc.StatusCode.OUT_OF_RANGE, spec={"signature_name": "__saved_model_init_op"}, change=NOTHING,
    ),
]  # fmt: skip

ORDER = [
    Case(
        "the name before the signature", "ModelSpec has no name specified.", "predict_impl.cc:51, predict_util.cc:85",
        spec={"name": "", "signature_name": "paint"},
    ),
    Case(
        "the model before the signature", NO_MODEL, "predict_impl.cc:51, predict_util.cc:85", NOT_FOUND,
        spec={"name": "no-such-model", "signature_name": "paint"},
    ),
    Case(
        "the signature before the inputs", NO_SIGNATURE, "predict_util.cc:85 and 125", PRECONDITION,
        spec={"signature_name": "paint"}, change={"bogus": np.int32(1)},
    ),
    Case(
        "the inputs' names before the output filter", re.compile(r"^Inputs contains invalid name\. "),
        "predict_util.cc:127 and 133", change={"bogus": np.int32(1)}, output_filter=["picture"],
    ),
    Case(
        "the inputs' values before the output filter", "tensor parsing error: content", "predict_util.cc:127 and 133",
        change={"content": uint8_proto([32, 32, 3], tensor_content=b"short")}, output_filter=["picture"],
    ),
    Case(
        "the output filter before the graph", NO_OUTPUT.format("picture"), "predict_util.cc:133 and 107",
        change={"iterations": np.int32(-1)}, output_filter=["picture"],
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CHECKS, ids=str)
def test_a_bad_request_is_refused(stubs, target, case):
    check_refusal(stubs, target, case)
    check_it_serves(stubs, target)


@pytest.mark.parametrize("case", ORDER, ids=str)
def test_checks_come_in_the_servers_order(stubs, target, case):
    check_refusal(stubs, target, case)


@pytest.mark.fact("predict_impl.cc:37")
def test_an_empty_request_misses_its_model_spec(stubs):
    assert refusal(stubs.prediction.Predict, predict_pb2.PredictRequest()) == (INVALID, "Missing ModelSpec")


@pytest.mark.fact("server_core.cc:847: a model_spec that is there but empty fails at its name")
def test_an_empty_model_spec_is_not_a_missing_one(stubs):
    request = predict_pb2.PredictRequest()
    request.model_spec.SetInParent()
    assert refusal(stubs.prediction.Predict, request) == (INVALID, "ModelSpec has no name specified.")


@pytest.mark.fact("seen on 2.20.0; grpc_status_util.cc:25")
def test_a_long_text_is_cut_at_1024_characters(stubs, target):
    request = predict_pb2.PredictRequest()
    request.model_spec.name = target.model
    request.model_spec.signature_name = "x" * 3000
    code, text = refusal(stubs.prediction.Predict, request)
    assert code is PRECONDITION
    assert text == ('Serving signature key "' + "x" * 3000)[:1024] + "...TRUNCATED"
    assert len(text) == 1036


@pytest.mark.fact("grpc_status_util.cc:27: only longer texts are cut")
def test_a_text_of_1024_characters_is_whole(stubs, target):
    request = predict_pb2.PredictRequest()
    request.model_spec.name = target.model
    request.model_spec.signature_name = "x" * (1024 - len('Serving signature key "" not found.'))
    _, text = refusal(stubs.prediction.Predict, request)
    assert len(text) == 1024
    assert text.endswith('x" not found.')


@pytest.mark.fact("basic_manager.cc:139; names are compared byte by byte, whatever they hold")
@pytest.mark.parametrize("name", ["../model", "model/1", "名前", "a b\n", "%s", "x" * 500], ids=ascii)
def test_no_name_is_special(stubs, name):
    request = predict_pb2.PredictRequest()
    request.model_spec.name = name
    request.inputs["content"].SetInParent()
    code, text = refusal(stubs.prediction.Predict, request)
    assert (code, text) == (NOT_FOUND, f"Servable not found for request: Latest({name})")
