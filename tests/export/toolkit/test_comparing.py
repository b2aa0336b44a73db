"""What a change of a model means for its clients, and all that differs: pure comparisons."""

from __future__ import annotations

import pytest

from nst_export.toolkit.comparing import card_changes, compared
from nst_export.toolkit.contract_changes import accepts, contract_changes
from nst_export.toolkit.difference import (
    Behaviour,
    CallDifference,
    CardChange,
    ContractChange,
    FileChange,
    OpChange,
    VariableChange,
)
from nst_export.toolkit.inspection import inspected
from nst_export.toolkit.report import Signature

PREDICT = "tensorflow/serving/predict"


@pytest.fixture(scope="module")
def a(tiny_model_dir):
    return inspected(tiny_model_dir / "1")


def changed(report, name="serving_default", **parts):
    """The report with another signature of this name."""
    rows = [one._replace(**parts) if one.name == name else one for one in report.signatures]
    return report._replace(signatures=rows)


def with_input(report, name, **parts):
    inputs = next(one.inputs for one in report.signatures if one.name == "serving_default")
    return changed(report, inputs=[one._replace(**parts) if one.name == name else one for one in inputs])


def with_output(report, name, **parts):
    outputs = next(one.outputs for one in report.signatures if one.name == "serving_default")
    return changed(report, outputs=[one._replace(**parts) if one.name == name else one for one in outputs])


def with_card(report, part, **values):
    return report._replace(card={**report.card, part: {**report.card[part], **values}})


def with_option(report, name, **values):
    rows = [{**row, **values} if row["name"] == name else row for row in report.card["options"]]
    return report._replace(card={**report.card, "options": rows})


def without(report, name, part):
    rows = next(getattr(one, part) for one in report.signatures if one.name == "serving_default")
    return changed(report, **{part: [one for one in rows if one.name != name]})


def without_signature(report):
    return report._replace(signatures=[one for one in report.signatures if one.name != "evaluate"])


def without_preset(report):
    presets = {name: one for name, one in report.card["presets"].items() if name != "nst"}
    return report._replace(card={**report.card, "presets": presets})


def test_a_model_is_compatible_with_itself(a):
    found = compared(a, a, None)
    assert found.compatible
    assert (found.contract, found.requirements, found.card, found.problems) == ([], [], [], [])
    assert (found.variables, found.ops, found.files, found.behaviour) == ([], [], [], None)


BREAKS = {
    "signature gone": (without_signature, "evaluate", "", "The signature is gone."),
    "another method": (lambda a: changed(a, method="x"), "serving_default", "", f"Its method was {PREDICT}, and is x."),
    "input gone": (lambda a: without(a, "style", "inputs"), "serving_default", "style", "The input is gone: a call"),
    "output gone": (lambda a: without(a, "losses", "outputs"), "serving_default", "losses", "The output is gone."),
    "another dtype": (
        lambda a: with_input(a, "iterations", dtype="int64"), "serving_default", "iterations",
        "The input was int32[], and is int64[].",
    ),
    "narrower input": (
        lambda a: with_input(a, "content", shape=(64, 64, 3)), "serving_default", "content",
        "The input was uint8[?,?,3], and is uint8[64,64,3].",
    ),
    "wider output": (
        lambda a: with_output(a, "losses", shape=(None, 5)), "serving_default", "losses",
        "The output was float32[?,4], and is float32[?,5].",
    ),
    "another default": (
        lambda a: with_input(a, "seed", default=1), "serving_default", "seed", "The default was 0, and is 1.",
    ),
    "no default": (
        lambda a: with_input(a, "seed", default=None, required=True), "serving_default", "seed",
        "The input has no default any more, which was 0.",
    ),
    "lower limit": (
        lambda a: with_card(a, "limits", max_pixels=4096), "", "max_pixels",
        "The limit was 16,384, and is 4,096.",
    ),
    "higher limit": (lambda a: with_card(a, "limits", min_side=64), "", "min_side", "The limit was 32, and is 64."),
    "preset gone": (without_preset, "", "preset", "The preset nst is gone."),
    "choice gone": (
        lambda a: with_option(a, "optimizer", choices=["adam", "sgd"]), "", "optimizer", "It may no longer be lbfgs.",
    ),
    "narrower range": (
        lambda a: with_option(a, "history", maximum=50), "", "history",
        "It went from 1 to 100, and goes from 1 to 50.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BREAKS)
def test_it_breaks_for_old_clients_and_says_what(a, case):
    change, signature, name, words = BREAKS[case]
    b = change(a)
    found = contract_changes(a, b)
    assert found[0].breaks
    assert any(
        (one.signature, one.name, one.breaks) == (signature, name, True) and one.change.startswith(words)
        for one in found
    )
    assert not compared(a, b, None).compatible


@pytest.mark.parametrize(
    "case",
    [
        "signature gone", "output gone", "narrower input", "no default", "lower limit", "higher limit", "choice gone",
        "narrower range",
    ],
)  # fmt: skip
def test_the_other_way_round_nothing_breaks(a, case):
    assert not [one for one in contract_changes(BREAKS[case][0](a), a) if one.breaks]


def test_an_option_breaks_callers_over_rest_where_there_were_none(a):
    rows = next(one for one in a.signatures if one.name == "serving_default").inputs
    option = next(one for one in rows if one.name == "seed")
    before = a._replace(signatures=[Signature("x", PREDICT, [rows[0]], [])])
    after = a._replace(signatures=[Signature("x", PREDICT, [rows[0], option], [])])
    (change,) = contract_changes(before, after)
    assert change == ContractChange(
        "x", "seed", "The input is new, by default 0; over REST it must be sent.", breaks=True
    )
    before = a._replace(signatures=[Signature("x", PREDICT, [rows[0], option._replace(name="y")], [])])
    after = a._replace(signatures=[Signature("x", PREDICT, [rows[0], option._replace(name="y"), option], [])])
    assert [one.breaks for one in contract_changes(before, after)] == [False]


@pytest.mark.parametrize(
    ("wide", "narrow", "expected"),
    [
        (None, (1, 2), True), ((1, 2), None, False), (None, None, True), ((), (), True), ((None, 3), (4, 3), True),
        ((4, 3), (None, 3), False), ((3,), (3, 3), False),
    ],
)  # fmt: skip
def test_one_shape_accepts_the_arrays_of_another(wide, narrow, expected):
    assert accepts(wide, narrow) is expected


def test_leaves_of_the_card_are_named_by_their_path(a):
    b = with_option(with_card(a, "weights", source="other"), "history", maximum=50)
    assert card_changes(a.card, {**b.card, "created": "later"}) == [
        CardChange("options.history.maximum", 100, 50),
        CardChange("weights.source", "random:0", "other"),
    ]


def test_a_model_without_a_card_lacks_all_of_its_leaves(a):
    found = {one.path: one for one in card_changes(a.card, None)}
    assert found["limits.max_pixels"] == CardChange("limits.max_pixels", 16384, None)
    assert not {path for path, one in found.items() if one.b is not None}


def test_variables_ops_and_files_that_differ_are_named(a):
    first, second, *_ = a.variables
    b = a._replace(
        variables=[first._replace(checksum="0"), second._replace(shape=(1,)), *a.variables[3:]],
        ops=[a.ops[0]._replace(total=a.ops[0].total + 2), *a.ops[2:]],
        files=[a.files[0]._replace(sha256="0"), *a.files[2:]],
    )
    found = compared(a, b, None)
    gone = a.variables[2]
    assert found.variables == [
        VariableChange(first.name, "values"),
        VariableChange(second.name, "shape"),
        VariableChange(gone.name, "removed"),
    ]
    (op, total, loops), (missing, missing_total, missing_loops) = a.ops[0], a.ops[1]
    assert found.ops == sorted(
        [OpChange(op, total, total + 2, loops, loops), OpChange(missing, missing_total, 0, missing_loops, 0)]
    )
    assert found.files == [
        FileChange(a.files[0].path, a.files[0].bytes, a.files[0].bytes),
        FileChange(a.files[1].path, a.files[1].bytes, None),
    ]


def call(**problems) -> Behaviour:
    row = CallDifference("x", [], [], None, None, None, None, None, "", "")
    return Behaviour([row._replace(**problems)], None, None, None)


def test_what_b_alone_does_not_answer_is_not_compatible(a):
    assert compared(a, a, call()).compatible
    assert not compared(a, a, call(b_problem="no")).compatible
    assert compared(a, a, call(a_problem="no", b_problem="no")).compatible
    assert not compared(a, a._replace(problems=["half"]), None).compatible
