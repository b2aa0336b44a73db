"""`nst inspect` on SavedModels of other makers, against what TensorFlow itself says of them."""

from __future__ import annotations

import pytest
import tensorflow as tf

from nst_export.toolkit.inspection import inspected
from tests.export.toolkit.makers import WHOLE

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")


def in_order(rows):
    return sorted((row.name, row.dtype, row.shape) for row in rows)


def as_rows(specs):
    """TensorFlow's own specs of a signature in the form of `in_order`."""
    shapes = {name: None if spec.shape.rank is None else tuple(spec.shape) for name, spec in specs.items()}
    return sorted((name, spec.dtype.name, shapes[name]) for name, spec in specs.items())


@pytest.mark.parametrize("maker", WHOLE)
def test_signatures_are_those_that_tensorflow_loads(maker, model_of):
    folder = model_of(maker) / "1"
    report = inspected(folder)
    loaded = tf.saved_model.load(str(folder), tags=["serve"]).signatures
    assert report.problems == []
    assert [signature.name for signature in report.signatures] == sorted(loaded)
    for signature in report.signatures:
        function = loaded[signature.name]
        _, inputs = function.structured_input_signature
        inputs = inputs or {spec.name: spec for spec in function.inputs}
        outputs = function.structured_outputs
        if maker != "session_of_old":  # whose inputs TensorFlow calls otherwise
            assert in_order(signature.inputs) == as_rows(inputs)
        assert in_order(signature.outputs) == as_rows(outputs)


@pytest.mark.parametrize("maker", WHOLE)
def test_variables_are_those_in_the_files(maker, model_of):
    folder = model_of(maker) / "1"
    found = inspected(folder).variables
    if not (folder / "variables" / "variables.index").exists():
        assert found == []
        return
    stored = dict(tf.train.list_variables(str(folder / "variables" / "variables")))
    stored.pop("_CHECKPOINTABLE_OBJECT_GRAPH", None)
    assert {row.key: list(row.shape) for row in found} == stored


def test_a_default_of_each_type_is_shown(model_of):
    scaled = next(one for one in inspected(model_of("many_signatures") / "1").signatures if one.name == "scaled")
    assert {row.name: row.default for row in scaled.inputs if not row.required} == {
        "factor": 0.1,
        "words": ("a", "b"),
        "times": 3,
    }
    assert [row.name for row in scaled.inputs if row.required] == ["x"]


def test_only_defaults_ask_for_a_certain_server(model_of):
    wanted = {maker: [one.server for one in inspected(model_of(maker) / "1").requirements] for maker in WHOLE}
    assert wanted == {maker: ["2.14"] if maker == "many_signatures" else [] for maker in WHOLE}


def test_ops_of_a_loop_stand_apart(model_of):
    ops = {row.op: (row.total, row.in_loops) for row in inspected(model_of("many_signatures") / "1").ops}
    assert ops["AddV2"] == (3, 3)  # one is TensorFlow's own count of iterations
    assert ops["Mul"] == (2, 0)


def test_variables_have_the_names_that_their_maker_gave_them(model_of):
    assert {row.name for row in inspected(model_of("session_of_old") / "1").variables} == {"layer/weight"}
    assert {row.name for row in inspected(model_of("no_signatures") / "1").variables} == {"kept"}
    rows = inspected(model_of("sharded_variables") / "1").variables
    assert [row.name for row in rows] == [f"row{number}" for number in range(12)]
    assert {row.bytes for row in rows} == {40_000}
    assert len({row.shard for row in rows}) > 1


def test_the_tags_of_all_graphs_are_named_and_that_for_serving_is_shown(model_of):
    report = inspected(model_of("session_of_old") / "1")
    assert report.tags == [["train"], ["serve"]]
    assert [signature.name for signature in report.signatures] == ["predict"]


def test_an_asset_is_a_file_among_the_others(model_of):
    report = inspected(model_of("table_with_words") / "1")
    assert any(file.path.startswith("assets/") for file in report.files)


def test_a_model_of_others_has_no_card_no_cost_and_no_meanings(model_of):
    report = inspected(model_of("keras_functional") / "1")
    assert (report.card, report.cost) == (None, None)
    assert {row.meaning for signature in report.signatures for row in signature.inputs} == {""}


def test_a_missing_shard_is_a_problem_and_the_rest_is_shown(model_of, broken_copy):
    version = broken_copy(model_of("sharded_variables"))
    shard = sorted((version / "variables").glob("variables.data-*"))[1]
    shard.unlink()
    report = inspected(version)
    assert report.problems == [f"variables/{shard.name} is missing."]
    assert len(report.variables) == 12


def test_a_shard_that_was_cut_off_is_a_problem(model_of, broken_copy):
    version = broken_copy(model_of("no_signatures"))
    (shard,) = (version / "variables").glob("variables.data-*")
    shard.write_bytes(shard.read_bytes()[:4])
    (problem,) = inspected(version).problems
    assert problem.startswith(f"variables/{shard.name} has 4 bytes, and its variables ")


def test_missing_variables_are_a_problem_where_the_graph_has_some(model_of, broken_copy):
    version = broken_copy(model_of("no_signatures"))
    (version / "variables" / "variables.index").unlink()
    assert inspected(version).problems == ["variables/variables.index is missing, and the graph has variables."]


def test_a_signature_that_leads_nowhere_is_a_problem_and_the_others_are_shown(model_of):
    report = inspected(model_of("partly_broken") / "1")
    assert report.problems == ["counted: sum is the tensor optimised_away:0, which the graph does not have."]
    assert [signature.name for signature in report.signatures] == ["counted", "scaled"]
