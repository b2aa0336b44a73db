"""What Predict answers to a good request."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2

from nst_graph.signatures import SIGNATURES
from tests.conformance.calls import TIMEOUT_SECONDS, good_inputs, predict_request
from tests.conftest import picture


def predict(stubs, target, signature="", **options) -> predict_pb2.PredictResponse:
    return stubs.prediction.Predict(predict_request(target, signature, **options), timeout=TIMEOUT_SECONDS)


def arrays(reply):
    return {name: tf.make_ndarray(proto) for name, proto in reply.outputs.items()}


@pytest.mark.fact("seen on 2.20.0")
def test_an_empty_output_filter_means_all_outputs(stubs, target):
    answer = arrays(predict(stubs, target))
    assert answer["image"].shape == good_inputs(target, "")["content"].shape
    assert answer["image"].dtype == np.uint8
    assert answer["losses"].shape == (2, 4)
    assert sorted(answer) == sorted(target.signatures["serving_default"].outputs)


@pytest.mark.fact("seen on 2.20.0; predict_util.cc:133")
@pytest.mark.parametrize("names", [["image"], ["losses", "image"]], ids="+".join)
def test_the_output_filter_chooses(stubs, target, names):
    assert sorted(predict(stubs, target, output_filter=names).outputs) == sorted(names)


@pytest.mark.fact("predict_util.cc:95, util.cc:261")
@pytest.mark.parametrize(
    "signature",
    ["", *(row.served_as for row in SIGNATURES), "evaluate", "describe"],
)
def test_the_answer_names_model_signature_and_version(stubs, target, signature):
    spec = predict(stubs, target, signature).model_spec
    assert spec.name == target.model
    assert spec.signature_name == (signature or "serving_default")
    assert spec.WhichOneof("version_choice") == "version"
    assert spec.version.value == target.version


@pytest.mark.fact("server_core.cc:847")
def test_a_version_may_be_asked_for(stubs, target):
    reply = predict(stubs, target, spec={"version": target.version})
    assert reply.model_spec.version.value == target.version


@pytest.mark.fact("seen on 2.20.0: typed by default, tensor_content with --enable_serialization_as_tensor_content")
def test_pictures_come_as_typed_values_or_as_bytes(stubs, target):
    proto = predict(stubs, target).outputs["image"]
    assert bool(proto.int_val) != bool(proto.tensor_content)
    assert not proto.uint32_val
    assert [dim.size for dim in proto.tensor_shape.dim] == list(good_inputs(target, "")["content"].shape)


@pytest.mark.fact("seen on 2.20.0: defaults stand in, one overridden, the others kept")
@pytest.mark.parametrize("name", ["content_weight", "style_weight", "tv_weight", "learning_rate"])
class TestDefault:
    def test_sent_explicitly_changes_nothing(self, stubs, target, name):
        default = target.signatures["serving_default"].defaults[name]
        sent = arrays(predict(stubs, target, change={name: default}))
        np.testing.assert_allclose(sent["losses"], arrays(predict(stubs, target))["losses"], rtol=1e-3)

    def test_overridden_alone_changes_the_run(self, stubs, target, name):
        sent = arrays(predict(stubs, target, change={name: np.float32(17.5)}))
        kept = arrays(predict(stubs, target))
        assert not np.allclose(sent["losses"], kept["losses"], rtol=1e-3)


@pytest.mark.fact("predict_util.cc:107; tensorflow/core/kernels/image/encode_png_op.cc")
def test_files_go_in_and_a_file_comes_out(stubs, target):
    answer = arrays(predict(stubs, target, "stylize_encoded"))
    image = tf.io.decode_png(answer["image_bytes"].item()).numpy()
    assert image.shape == good_inputs(target, "")["content"].shape


@pytest.mark.fact("predict.proto, PredictRequest: fields that a stock server does not use are ignored")
def test_unknown_fields_are_ignored(stubs, target):
    request = predict_pb2.PredictRequest.FromString(predict_request(target).SerializeToString() + b"\xfa\x3e\x03abc")
    assert stubs.prediction.Predict(request, timeout=TIMEOUT_SECONDS).outputs


@pytest.mark.fact("predict_util.cc:107: a run takes tensors and gives tensors, and nothing else")
def test_calls_at_once_do_not_see_each_other(stubs, target):
    side = target.limits.min_side
    changes = [{"content": picture(side, side + 4 * n, seed=n), "iterations": np.int32(2 + n % 3)} for n in range(4)]
    alone = [arrays(predict(stubs, target, change=change)) for change in changes]
    with ThreadPoolExecutor(len(changes)) as pool:
        together = list(pool.map(lambda change: arrays(predict(stubs, target, change=change)), changes))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_allclose(one["losses"], other["losses"], rtol=1e-3)
        assert one["image"].shape == other["image"].shape
