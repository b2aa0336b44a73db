"""Faults that only a run of the model shows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tensorflow.core.framework import types_pb2

from nst_export.verification.asking import answers, chosen
from nst_export.verification.report import Answer
from nst_export.verification.subject import Subject
from tests.export.verification.impostors import write_impostor
from tests.export.verification.planting import change_card, change_warmup, graph_of, keep_one_signature, other

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def answer_to(name: str, folder: Path) -> Answer:
    (answer,) = answers(Subject(folder), chosen([name]))
    return answer


def denied(name: str, folder: Path) -> str:
    """The reason of a no."""
    answer = answer_to(name, folder)
    assert answer.verdict == "no", answer
    assert answer.remedy
    return answer.reason


@pytest.mark.slow
def test_a_card_that_lies_of_the_iterations(version):
    change_card(version, limits=lambda old: other(old, max_iterations=1000))
    reason = denied("limits", version)
    assert (
        "max_iterations is 1000 in the card, and the graph says: iterations: must be a whole number from 1 to 100000"
        in reason
    )


@pytest.mark.slow
def test_a_card_that_lies_of_the_pixels(version):
    change_card(version, limits=lambda old: other(old, max_pixels=2**22))
    assert "max_pixels is 4194304 in the card, and the graph says: content: " in denied("limits", version)


@pytest.mark.slow
def test_a_card_that_lists_a_preset_that_is_not_there(version):
    change_card(version, presets=lambda old: other(old, vangogh=old["nst"]))
    assert "preset: must be one of nst, " in denied("presets", version)


@pytest.mark.slow
def test_a_card_with_another_preset_first(version):
    change_card(version, presets=lambda old: {"gatys": old["gatys"], "nst": old["nst"]})
    assert denied("presets", version) == "gatys is the first, and not the default"


def test_a_graph_without_the_objects_that_python_loads(version):
    with graph_of(version) as graph:
        del graph.object_graph_def.nodes[1:]
    assert denied("eager", version)
    assert answer_to("session", version).verdict == "yes"


def test_a_variable_that_is_no_longer_there(version):
    with graph_of(version) as graph:
        graph.saver_def.restore_op_name = "nowhere"
    assert "nowhere" in denied("session", version)


@pytest.mark.slow
def test_outputs_that_stand_for_one_another(version):
    keep_one_signature(version, "evaluate")
    with graph_of(version) as graph:
        outputs = graph.signature_def["evaluate"].outputs
        outputs["content_error"].name, outputs["total_variation"].name = (
            outputs["total_variation"].name, outputs["content_error"].name,
        )  # fmt: skip
    assert denied("runtimes", version).startswith("evaluate: content_error differs by ")


@pytest.mark.slow
def test_an_output_of_another_type(version):
    keep_one_signature(version, "serving_default")
    with graph_of(version) as graph:
        outputs = graph.signature_def["serving_default"].outputs
        outputs["losses"].name = outputs["image"].name
    assert denied("signatures", version) == "serving_default: losses is uint8[64,64,3], and must be float32[?,4]"


@pytest.mark.slow
def test_a_signature_that_fails(version):
    keep_one_signature(version, "serving_default")
    with graph_of(version) as graph:
        default = graph.signature_def["serving_default"].defaults["style_weight"]
        default.float_val[:] = [-7.0]
    assert denied("signatures", version).startswith("serving_default: style_weight: must be a number")


@pytest.mark.slow
def test_a_warm_up_request_that_the_model_refuses(version):
    keep_one_signature(version, "serving_default")

    def refused(rows):
        (row,) = (row for row in rows if row.model_spec.signature_name == "serving_default")
        row.inputs["iterations"].CopyFrom(type(row.inputs["iterations"])(dtype=types_pb2.DT_INT32, int_val=[0]))
        row.inputs["iterations"].tensor_shape.SetInParent()

    change_warmup(version, refused)
    assert "serving_default: iterations: must be a whole number from 1" in denied("warmup_runs", version)


@pytest.mark.parametrize(
    ("name", "question", "words"),
    [
        ("Rising", "loss", "the total loss goes from 0.05 to 1 in 20 iterations"),
        ("NotFinite", "loss", "the total loss goes from nan to nan"),
        ("Unsummed", "loss", "the total loss is not the sum of the others"),
        pytest.param("Deaf", "deadline", "a run with a deadline of ", marks=pytest.mark.slow),
        ("Sharing", "concurrency", "serving_default: losses differs by "),
        ("Sharing", "state", "serving_default runs AssignVariableOp"),
        ("Good", "limits", "max_pixels is 16384 in the card, and what is beyond it is accepted"),
        ("Good", "bad_input", "content of shape [] is accepted"),
        ("Deaf", "xla", "XLA compiles serving_default"),
    ],
)
def test_an_impostor_is_found_out(tiny_model_dir, tmp_path, name, question, words):
    assert words in denied(question, write_impostor(name, tmp_path / "1", tiny_model_dir / "1"))


def test_a_run_too_short_for_a_deadline_is_no_fault(tiny_model_dir, tmp_path):
    folder = write_impostor("Good", tmp_path / "1", tiny_model_dir / "1")
    answer = answer_to("deadline", folder)
    assert answer.verdict == "does not apply"
    assert answer.reason.endswith("too short to be stopped")
    assert np.isfinite(answer.seconds)
