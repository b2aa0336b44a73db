"""Warm-up requests: one for every signature, each of which the model answers."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from nst_export.saved_model.warmup_file import WARMUP_FILE
from nst_export.saved_model.warmup_records import read_warmup_requests

INIT_OP = "__saved_model_init_op"


@pytest.fixture(scope="module")
def requests(tiny_model_dir):
    """The predict requests in the file that a server reads at load."""
    return list(read_warmup_requests(tiny_model_dir / "1"))


@pytest.fixture(scope="module")
def session(tiny_model_dir):
    """The model in a session, as TensorFlow Serving loads it, and its signatures."""
    with tf.Graph().as_default():
        session = tf.compat.v1.Session()
        meta_graph = tf.compat.v1.saved_model.load(session, ["serve"], str(tiny_model_dir / "1"))
    yield session, meta_graph.signature_def
    session.close()


def test_the_file_lies_where_tensorflow_serving_looks_for_it(tiny_model_dir):
    assert WARMUP_FILE.as_posix() == "assets.extra/tf_serving_warmup_requests"
    assert (tiny_model_dir / "1" / WARMUP_FILE).is_file()


def test_there_is_one_record_for_every_signature(requests, session):
    names = [request.model_spec.signature_name for request in requests]
    assert sorted(names) == sorted(set(session[1]) - {INIT_OP})


def test_records_name_the_model_and_ask_for_every_output(requests, tiny_model_dir):
    for request in requests:
        assert request.model_spec.name == tiny_model_dir.name
        assert list(request.output_filter) == []


@pytest.mark.slow
def test_every_record_runs(requests, session):
    session, signatures = session
    assert len(requests) >= 4
    for request in requests:
        signature = signatures[request.model_spec.signature_name]
        assert set(signature.inputs) - set(request.inputs) == set(signature.defaults)
        feeds = {signature.inputs[name].name: tf.make_ndarray(value) for name, value in request.inputs.items()}
        outputs = session.run({name: info.name for name, info in signature.outputs.items()}, feeds)
        for name, value in outputs.items():
            dtype = tf.as_dtype(signature.outputs[name].dtype)
            assert dtype == tf.string or np.asarray(value).dtype == dtype.as_numpy_dtype, name
            assert np.size(value) > 0, name
