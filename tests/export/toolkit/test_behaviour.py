"""How far the answers of two models differ, and with which inputs they are asked."""

from __future__ import annotations

import numpy as np
import pytest

from nst_export.saved_model.messages import predict_pb2
from nst_export.saved_model.tensor_arrays import TEXTS, array_of, proto_of
from nst_export.toolkit.behaviour import Answer, Sample, behaviour, samples
from nst_export.toolkit.difference import OutputDifference
from nst_export.toolkit.inspection import inspected
from nst_export.toolkit.report import Input, Signature
from nst_export.toolkit.sample_inputs import sample_inputs, sample_picture


def answer(seconds=1.0, **outputs) -> Answer:
    protos = {name: proto_of(np.asarray(value)) for name, value in outputs.items()}
    return Answer(predict_pb2.PredictResponse(outputs=protos), seconds, "")


def difference(a: Answer, b: Answer):
    (found,) = behaviour([Sample("x", [], {})], [a], [b], 100, 150).calls
    return found


def test_pictures_differ_by_levels_and_losses_by_the_last_total():
    a = answer(2.0, image=np.uint8([[[10, 20, 30]]]), losses=np.float32([[9, 0, 0, 0], [4, 0, 0, 0]]))
    b = answer(3.0, image=np.uint8([[[13, 20, 30]]]), losses=np.float32([[9, 0, 0, 0], [5, 0, 0, 0]]))
    found = difference(a, b)
    assert found.outputs == [OutputDifference("image", 1.0, 3.0, ""), OutputDifference("losses", 0.125, 1.0, "")]
    assert (found.a_loss, found.b_loss, found.time_ratio) == (4.0, 5.0, 1.5)


def test_memory_has_a_ratio_where_both_are_known():
    assert behaviour([], [], [], 100, 150).memory_ratio == 1.5
    assert behaviour([], [], [], None, 150).memory_ratio is None


@pytest.mark.parametrize(
    ("a", "b", "note"),
    [
        (np.zeros(2), np.zeros(3), "float64 of shape (2,), and float64 of shape (3,)"),
        (np.zeros(2), np.zeros(2, np.float32), "float64 of shape (2,), and float32 of shape (2,)"),
        (np.array([b"a"], TEXTS), np.array([b"a"], TEXTS), "the same texts"),
        (np.array([b"a"], TEXTS), np.array([b"b"], TEXTS), "other texts"),
        (np.array([np.nan]), np.array([1.0]), "not all finite"),
        (np.array([np.nan]), np.array([np.nan]), "the same, not all finite"),
    ],
)
def test_where_there_is_no_number_it_says_why(a, b, note):
    assert difference(answer(y=a), answer(y=b)).outputs == [OutputDifference("y", None, None, note)]


def test_an_answer_that_is_not_there_has_its_reason():
    found = difference(answer(y=1), Answer(None, None, "it fell over"))
    assert (found.outputs, found.a_problem, found.b_problem, found.time_ratio) == ([], "", "it fell over", None)


def test_two_models_of_ours_are_asked_to_stylise(tiny_model_dir, content):
    report = inspected(tiny_model_dir / "1")
    (one,) = samples(report, report, {"content": content}, {"iterations": 7})
    assert one.signature == "serving_default"
    assert one.inputs == ["content uint8[48,64,3]", "style uint8[96,128,3]", "iterations=7"]
    request = one.request("nst", 3)
    assert (request.model_spec.name, request.model_spec.version.value) == ("nst", 3)
    np.testing.assert_array_equal(array_of(request.inputs["content"]), content)
    assert not one.request("nst", None).model_spec.HasField("version")


def test_models_of_others_are_asked_for_all_that_both_have(model_of):
    report = inspected(model_of("many_signatures") / "1")
    assert [one.signature for one in samples(report, report, {}, {})] == ["counted", "scaled"]
    assert samples(report, report._replace(signatures=[]), {}, {}) == []


def test_inputs_are_made_for_every_type_and_the_same_each_time():
    rows = [
        ("picture", "uint8", (None, None, 3)), ("batch", "float32", (None, 8, 9, 3)), ("word", "string", (None,)),
        ("number", "bfloat16", (2,)), ("any", "int64", None), ("count", "int32", ()), ("flag", "bool", (None, 2)),
    ]  # fmt: skip
    inputs = [Input(*row, required=True, default=None, meaning="", tensor="") for row in rows]
    left_out = Input("option", "float32", (), required=False, default=1.0, meaning="", tensor="")
    made = sample_inputs(Signature("x", "", [*inputs, left_out], []), {}, {"count": 5})
    assert {name: (value.dtype.name, value.shape) for name, value in made.items()} == {
        "picture": ("uint8", (96, 128, 3)), "batch": ("float32", (1, 8, 9, 3)), "word": ("object", (1,)),
        "number": ("bfloat16", (2,)), "any": ("int64", ()), "count": ("int32", ()), "flag": ("bool", (1, 2)),
    }  # fmt: skip
    assert made["count"] == 5
    assert 0 <= made["batch"].min() < made["batch"].max() <= 1
    np.testing.assert_array_equal(made["picture"], sample_picture("picture"))
    assert not np.array_equal(sample_picture("content"), sample_picture("style"))
