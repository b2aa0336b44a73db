"""A graph in fewer nodes does what it did."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import tensorflow as tf

from nst_export.saved_model.graph_file import read_saved_model
from nst_export.saved_model.slimming import slim


class Wasteful(tf.Module):
    """Two constants that are equal, one that is not, a product that nobody reads, a branch and a side effect."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, "x")], autograph=False)
    def double(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        tf.matmul(x[tf.newaxis], x[:, tf.newaxis])
        tf.debugging.assert_non_negative(x, "x: must not be negative")
        halves = tf.cond(x[0] > 1, lambda: x + tf.constant(3.0) - tf.constant(3.0), lambda: x * tf.constant(1.0))
        return {"doubled": halves * tf.constant(2.0) + tf.constant(2.0) - tf.constant(2.0)}


@pytest.fixture
def folders(tmp_path):
    """The same model as TensorFlow writes it, and slim."""
    for name in ("fat", "slim"):
        module = Wasteful()
        tf.saved_model.save(module, str(tmp_path / name), signatures=module.double)
    slim(tmp_path / "slim")
    return tmp_path / "fat", tmp_path / "slim"


def functions_of(folder):
    return read_saved_model(folder).meta_graphs[0].graph_def.library.function


def nodes_of(folder) -> Counter:
    return Counter(node.op for function in functions_of(folder) for node in function.node_def)


def test_it_has_fewer_constants_and_nothing_that_nobody_reads(folders):
    fat, lean = (nodes_of(folder) for folder in folders)
    assert fat["MatMul"] == 1
    assert lean["MatMul"] == 0
    assert lean["Const"] < fat["Const"]
    assert lean["Assert"] == fat["Assert"] == 1


@pytest.mark.parametrize("x", [[1.0, 5.0], [4.0, 0.0]])
def test_it_computes_the_same_in_both_runtimes(folders, x):
    for folder in folders:
        loaded = tf.saved_model.load(str(folder))
        np.testing.assert_array_equal(loaded.double(tf.constant(x))["doubled"], np.multiply(2, x))
        with tf.Graph().as_default(), tf.compat.v1.Session() as session:
            graph = tf.compat.v1.saved_model.load(session, ["serve"], str(folder))
            signature = graph.signature_def["serving_default"]
            output = session.run(signature.outputs["doubled"].name, {signature.inputs["x"].name: x})
            np.testing.assert_array_equal(output, np.multiply(2, x))


def test_side_effects_stay(folders):
    for folder in folders:
        with pytest.raises(tf.errors.InvalidArgumentError, match="x: must not be negative"):
            tf.saved_model.load(str(folder)).double(tf.constant([-1.0]))


def test_an_export_has_each_constant_once_in_a_function(tiny_model_dir):
    for function in functions_of(tiny_model_dir / "1"):
        values = Counter(
            node.attr["value"].tensor.SerializeToString(deterministic=True)
            for node in function.node_def
            if node.op == "Const" and not node.input
        )
        assert not [value for value, count in values.items() if count > 1], function.signature.name
