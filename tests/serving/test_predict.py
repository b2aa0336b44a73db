"""Predict over a real socket: TensorFlow Serving's checks, codes and words."""

from __future__ import annotations

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

from nst_client.calls.transport import OPTIONS


@pytest.fixture
def stub(server):
    with grpc.insecure_channel(server.address, OPTIONS) as channel:
        yield prediction_service_pb2_grpc.PredictionServiceStub(channel)


def request(inputs, *, model="nst", signature="", output_filter=(), version=None):
    message = predict_pb2.PredictRequest(output_filter=output_filter)
    message.model_spec.name = model
    message.model_spec.signature_name = signature
    if version is not None:
        message.model_spec.version.value = version
    for name, value in inputs.items():
        message.inputs[name].CopyFrom(tf.make_tensor_proto(value))
    return message


@pytest.fixture
def inputs(content, style):
    return {"content": content, "style": style, "iterations": np.int32(2)}


def refused(stub, message) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.RpcError) as error:
        stub.Predict(message, timeout=60)
    return error.value.code(), error.value.details()


def test_it_answers_with_all_outputs_and_the_spec_it_used(stub, inputs, content):
    reply = stub.Predict(request(inputs), timeout=60)
    assert sorted(reply.outputs) == ["image", "losses"]
    assert tf.make_ndarray(reply.outputs["image"]).shape == content.shape
    assert reply.model_spec.name == "nst"
    assert reply.model_spec.signature_name == "serving_default"
    assert reply.model_spec.version.value == 1


def test_tensors_come_in_typed_fields(stub, inputs):
    reply = stub.Predict(request(inputs), timeout=60)
    assert reply.outputs["image"].int_val
    assert reply.outputs["losses"].float_val
    assert not reply.outputs["image"].tensor_content


def test_output_filter_chooses_outputs(stub, inputs):
    assert list(stub.Predict(request(inputs, output_filter=["losses"]), timeout=60).outputs) == ["losses"]


def test_defaults_stand_in_for_optional_inputs(stub, inputs, tiny_model_dir):
    module = tf.saved_model.load(str(tiny_model_dir / "1"))
    for extra in ({}, {"style_weight": np.float32(3)}, {"learning_rate": np.float32(1), "tv_weight": np.float32(0)}):
        reply = stub.Predict(request(inputs | extra), timeout=60)
        expected = module.stylize(*inputs.values(), **extra)
        np.testing.assert_allclose(tf.make_ndarray(reply.outputs["losses"]), expected["losses"], rtol=1e-5)


INVALID = grpc.StatusCode.INVALID_ARGUMENT
SIGNATURE = "content,content_weight,iterations,learning_rate,style,style_weight,tv_weight"


def test_a_request_without_model_spec_is_refused(stub):
    assert refused(stub, predict_pb2.PredictRequest()) == (INVALID, "Missing ModelSpec")


def test_an_empty_model_name_is_refused(stub, inputs):
    assert refused(stub, request(inputs, model="")) == (INVALID, "ModelSpec has no name specified.")


def test_an_unknown_model_is_not_found(stub, inputs):
    expected = (grpc.StatusCode.NOT_FOUND, "Servable not found for request: Latest(other)")
    assert refused(stub, request(inputs, model="other")) == expected


def test_an_unknown_version_is_not_found(stub, inputs):
    expected = (grpc.StatusCode.NOT_FOUND, "Servable not found for request: Specific(nst, 7)")
    assert refused(stub, request(inputs, version=7)) == expected


def test_an_unknown_label_is_refused(stub, inputs):
    message = request(inputs)
    message.model_spec.version_label = "stable"
    assert refused(stub, message) == (INVALID, "Unrecognized servable version label: stable")


def test_an_unknown_signature_is_a_failed_precondition(stub, inputs):
    expected = (grpc.StatusCode.FAILED_PRECONDITION, 'Serving signature key "paint" not found.')
    assert refused(stub, request(inputs, signature="paint")) == expected


def test_a_missing_input_without_a_default_is_named(stub, inputs):
    del inputs["iterations"]
    code, text = refused(stub, request(inputs))
    assert code == INVALID
    assert text == (
        "Signature input alias: iterations(feed name: serving_default_iterations:0) not found in request and no "
        "default value provided. Inputs expected to be in the request {content,style}, or default input alias set: "
        "content_weight,learning_rate,style_weight,tv_weight"
    )


def test_a_missing_input_of_a_signature_without_defaults_is_counted(stub, content):
    code, text = refused(stub, request({"content": content, "style": content}, signature="evaluate"))
    assert code == INVALID
    assert text == (
        "input size does not match signature: 2!=3 len({content,style}) != len({content,image,style}). "
        "Sent extra: {}. Missing but required: {image}."
    )


def test_an_extra_input_is_named(stub, inputs):
    code, text = refused(stub, request(inputs | {"colour": np.int32(1)}))
    assert code == INVALID
    assert text == (
        "Inputs contains invalid name. Used request inputs: content,iterations,style, "
        "request input: colour,content,iterations,style"
    )


def test_more_inputs_than_the_signature_has_are_counted(stub, inputs):
    numbers = dict.fromkeys(("content_weight", "style_weight", "tv_weight", "learning_rate", "bogus"), np.float32(1))
    code, text = refused(stub, request(inputs | numbers))
    assert code == INVALID
    assert text == (
        f"input size does not match signature: 8!=7 len({{bogus,{SIGNATURE}}}) != len({{{SIGNATURE}}}). "
        "Sent extra: {bogus}. Missing but required: {}."
    )


def test_a_tensor_that_does_not_parse_is_named(stub, inputs):
    message = request(inputs)
    message.inputs["content"].tensor_content = b"too short"
    assert refused(stub, message) == (INVALID, "tensor parsing error: content")


@pytest.mark.parametrize(
    ("output_filter", "text"),
    [
        (
            ["picture"],
            "output tensor alias not found in signature: picture Outputs expected to be in the set {image,losses}.",
        ),
        (["image", "image"], "duplicate output tensor alias: image"),
    ],
)
def test_a_bad_output_filter_is_refused(stub, inputs, output_filter, text):
    assert refused(stub, request(inputs, output_filter=output_filter)) == (INVALID, text)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("content", np.zeros((48, 64, 3), np.float32), "Expects arg[0] to be uint8 but float is provided"),
        ("iterations", np.int64(2), "to be int32 but int64 is provided"),
        ("content", np.zeros((48, 64, 4), np.uint8), "is not compatible with expected shape [?,?,3]"),
        ("content", np.uint8(1), "is not compatible with expected shape [?,?,3]"),
        ("content", np.zeros(64, np.uint8), "is not compatible with expected shape [?,?,3]"),
        ("content", np.zeros((64, 64), np.uint8), "is not compatible with expected shape [?,?,3]"),
        ("content", np.zeros((1, 64, 64, 3), np.uint8), "is not compatible with expected shape [?,?,3]"),
        ("style", np.zeros((64, 64), np.uint8), "is not compatible with expected shape [?,?,3]"),
        ("content", np.zeros((1, 1, 3), np.uint8), "content: height and width must be at least 32"),
        ("content", np.zeros((0, 64, 3), np.uint8), "content: height and width must be at least 32"),
        ("content", np.zeros((200, 200, 3), np.uint8), "at most 16384 pixels together, got 200 x 200"),
        ("iterations", np.int32(0), "iterations: must be a whole number from 1 to 100, got 0"),
        ("iterations", np.int32(-1), "iterations: must be a whole number from 1 to 100, got -1"),
        ("iterations", np.int32(101), "iterations: must be a whole number from 1 to 100, got 101"),
        ("iterations", np.int32(2**31 - 1), "iterations: must be a whole number from 1 to 100, got 2147483647"),
        ("iterations", np.array([2], np.int32), "is not compatible with expected shape []"),
        ("style_weight", np.float32("nan"), "style_weight: must be a number from 0"),
        ("content_weight", np.float32("inf"), "content_weight: must be a number from 0"),
        ("tv_weight", np.float32(-1), "tv_weight: must be a number from 0"),
        ("learning_rate", np.float32(0), "learning_rate: must be a number above 0"),
    ],
)  # fmt: skip
def test_the_graph_refuses_bad_values_and_the_server_serves_on(stub, inputs, name, value, text):
    code, details = refused(stub, request(inputs | {name: value}))
    assert code == INVALID
    assert text in details
    assert stub.Predict(request(inputs), timeout=60).outputs["losses"].float_val


def test_long_messages_are_cut_as_the_server_cuts_them(stub, inputs):
    numbers = {f"a very long and quite wrong name of an input, number {n}": np.float32(1) for n in range(30)}
    code, details = refused(stub, request(inputs | numbers))
    assert code == INVALID
    assert details.endswith("...TRUNCATED")
    assert len(details) == 1024 + len("...TRUNCATED")
