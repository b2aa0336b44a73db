"""The session runtime under the server, fed without any check on the way."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import tensorflow as tf

from nst_export.saved_model.session import Model


@pytest.fixture(scope="module")
def model(tiny_model_dir):
    model = Model(tiny_model_dir / "1", inter_op_threads=4)
    yield model
    model.close()


def run(model, *, timeout_seconds=None, **inputs):
    signature = model.signatures["serving_default"]
    defaults = {alias: tf.make_ndarray(proto) for alias, proto in signature.defaults.items()}
    feeds = {signature.inputs[alias].name: value for alias, value in (defaults | inputs).items()}
    fetches = [signature.outputs[alias].name for alias in ("image", "losses")]
    return model.run(feeds, fetches, timeout_seconds=timeout_seconds)


def evaluated(model, content, style, image=None):
    """The errors of a picture, by default of the content: a session prepares a run for ten times as long."""
    signature = model.signatures["evaluate"]
    pictures = {"content": content, "style": style, "image": content if image is None else image}
    feeds = {signature.inputs[alias].name: value for alias, value in pictures.items()}
    return model.run(feeds, [signature.outputs["style_errors"].name])[0]


@pytest.mark.parametrize("shape", [(), (64,), (64, 64), (1, 64, 64, 3), (64, 64, 1), (64, 64, 4)], ids=str)
@pytest.mark.parametrize("name", ["content", "style"])
def test_a_picture_of_the_wrong_rank_does_not_end_the_process(model, content, style, name, shape):
    inputs = {"content": content, "style": style, "iterations": np.int32(1)} | {name: np.zeros(shape, np.uint8)}
    with pytest.raises(tf.errors.InvalidArgumentError, match="not compatible with expected shape"):
        run(model, **inputs)


@pytest.mark.parametrize("name", ["content", "style", "image"])
def test_neither_does_one_sent_to_evaluate(model, content, name):
    pictures = dict.fromkeys(("content", "style", "image"), content) | {name: np.zeros((64, 64), np.uint8)}
    with pytest.raises(tf.errors.InvalidArgumentError, match="not compatible with expected shape"):
        evaluated(model, **pictures)


@pytest.mark.parametrize("iterations", [0, -1, 100_001, 10**8, 2**31 - 1])
def test_nothing_is_sized_by_a_number_of_iterations_before_it_is_checked(model, content, style, iterations):
    with pytest.raises(tf.errors.InvalidArgumentError, match="iterations: must be a whole number from 1 to 100000"):
        run(model, content=content, style=style, iterations=np.int32(iterations))


@pytest.mark.slow
def test_a_timeout_stops_the_loop(tiny_model_dir):
    model = Model(tiny_model_dir / "1", inter_op_threads=4)
    large = np.zeros((128, 128, 3), np.uint8)
    with pytest.raises(tf.errors.DeadlineExceededError):
        run(model, content=large, style=large, iterations=np.int32(100_000), timeout_seconds=0.5)
    model.close()


def test_another_session_has_the_same_graph_and_goes_on_when_the_first_is_closed(tiny_model_dir, content, style):
    first = Model(tiny_model_dir / "1", inter_op_threads=4)
    second = first.another()
    expected = evaluated(first, content, style)
    first.close()
    np.testing.assert_array_equal(evaluated(second, content, style), expected)
    second.close()
    with pytest.raises(tf.errors.CancelledError, match="closed"):
        evaluated(second, content, style)


def test_another_session_of_a_version_whose_variables_are_gone_is_data_loss(tmp_path, tiny_model_dir):
    shutil.copytree(tiny_model_dir / "1", tmp_path / "1")
    model = Model(tmp_path / "1", inter_op_threads=1)
    shutil.rmtree(tmp_path / "1" / "variables")
    with pytest.raises(tf.errors.DataLossError, match="is not a valid checkpoint"):
        model.another()
    model.close()


def test_a_folder_without_a_model_cannot_be_loaded(tmp_path):
    with pytest.raises(tf.errors.NotFoundError, match="does not appear to contain a SavedModel"):
        Model(tmp_path, inter_op_threads=1)
