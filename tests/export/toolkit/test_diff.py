"""`nst diff`: two models on disk, two on a server, ours and others'."""

from __future__ import annotations

import json
import os
import sys
import types

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from typer.testing import CliRunner

from nst_client.cli import app
from nst_client.errors import ModelNotFound, PictureError, RequestRefused, ServerUnavailable
from nst_export.errors import SavedModelError
from nst_serving.options import ServerOptions, single_model
from nst_serving.server import EmbeddedServer
from tests.exports import LIMITS


@pytest.fixture(autouse=True)
def modules_for_other_processes(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))


def nst(*arguments):
    return CliRunner().invoke(app, ["diff", *map(str, arguments)])


def found(*arguments, exit_code=0):
    finished = nst(*arguments, "--json")
    assert finished.exit_code == exit_code, finished.exception
    return json.loads(finished.stdout, object_hook=lambda row: types.SimpleNamespace(**row))


def refused(kind, *arguments) -> str:
    finished = nst(*arguments)
    assert (finished.stdout, finished.exit_code) == ("", 1)
    assert isinstance(finished.exception, kind), finished.exception
    return str(finished.exception)


@pytest.fixture(scope="module")
def other_model_dir(exports):
    """Other weights, a lower limit, one preset."""
    return exports("other", weights="random:1", preset_name="gatys", limits=LIMITS._replace(max_iterations=50))


@pytest.mark.slow
def test_another_export_differs_in_all_parts(tiny_model_dir, other_model_dir, content, tmp_path):
    Image.fromarray(content).save(tmp_path / "content.png")
    difference = found(
        tiny_model_dir, other_model_dir, "--content", tmp_path / "content.png", "--size", 64, "--iterations", 3,
        exit_code=1,
    )  # fmt: skip
    assert not difference.compatible
    changes = [(one.name, one.change) for one in difference.contract if one.breaks]
    assert ("max_iterations", "The limit was 100,000, and is 50.") in changes
    assert ("preset", "The preset nst is gone.") in changes
    card = {one.path: (one.a, one.b) for one in difference.card}
    assert card["weights.source"] == ("random:0", "random:1")
    assert {one.change for one in difference.variables} >= {"values"}
    assert difference.ops
    assert "saved_model.pb" in [one.path for one in difference.files]
    (call,) = difference.behaviour.calls
    assert call.inputs[0] == "content uint8[48,64,3]"
    picture = next(one for one in call.outputs if one.name == "image")
    assert picture.largest > 0


@pytest.mark.slow
def test_the_screen_names_what_breaks_first(tiny_model_dir, other_model_dir):
    finished = nst(tiny_model_dir, other_model_dir, "--no-run")
    assert finished.exit_code == 1
    lines = finished.stdout.splitlines()
    assert lines[0] == "not compatible: clients of A would notice"
    contract = lines[lines.index("Contract") + 2 :]
    assert contract[0].split()[0] == "breaks"
    assert "Behaviour" not in finished.stdout


@pytest.mark.slow
def test_a_server_is_compared_as_far_as_it_tells(tiny_model_dir, server):
    difference = found(tiny_model_dir, server.address, "--iterations", 1)
    assert difference.compatible
    assert (difference.contract, difference.card, difference.variables, difference.ops) == ([], [], None, None)
    (call,) = difference.behaviour.calls
    assert [(one.name, one.mean, one.largest) for one in call.outputs] == [("image", 0, 0), ("losses", 0, 0)]
    assert call.a_loss == call.b_loss > 0
    assert call.time_ratio > 0
    assert (difference.behaviour.a_bytes is None or difference.behaviour.a_bytes > 0, difference.behaviour.b_bytes) == (
        True, None,
    )  # fmt: skip
    finished = nst(f"{server.address}/1", server.address, "--no-run")
    assert finished.exit_code == 0
    assert "not compared: a server does not hand them out" in finished.stdout


def doubled(folder, *, factor, dtype=tf.float32):
    module = tf.Module()
    module.factor = tf.Variable(factor, name="factor")

    @tf.function(input_signature=[tf.TensorSpec([None, 2], dtype, "x")])
    def scaled(x):
        return {"y": tf.cast(x, tf.float32) * module.factor}

    module.scaled = scaled
    tf.saved_model.save(module, folder, signatures=scaled)
    return folder


@pytest.mark.slow
def test_models_of_others_are_compared_and_run(tmp_path):
    a, b = doubled(tmp_path / "1", factor=2.0), doubled(tmp_path / "2", factor=3.0)
    difference = found(a, b)
    assert difference.compatible
    assert [(one.name, one.change) for one in difference.variables] == [("factor", "values")]
    (call,) = difference.behaviour.calls
    (y,) = call.outputs
    assert (call.signature, call.inputs, y.name) == ("serving_default", ["x float32[1,2]"], "y")
    assert 0 < y.mean < y.largest < 1


def test_two_versions_on_one_server_are_compared(tmp_path):
    doubled(tmp_path / "1", factor=2.0)
    config = single_model("m", tmp_path)
    config.model_config_list.config[0].model_version_policy.all.SetInParent()
    doubled(tmp_path / "2", factor=3.0)
    doubled(tmp_path / "3", factor=2.0, dtype=tf.int32)
    server = EmbeddedServer(config, ServerOptions(port=0))
    try:
        difference = found(f"{server.address}/1", f"{server.address}/2", "--model-name", "m")
        (call,) = difference.behaviour.calls
        assert call.outputs[0].largest > 0
        (change,) = found(f"{server.address}/1", f"{server.address}/3", "--model-name", "m", exit_code=1).contract
        assert change.change == "The input was float32[?,2], and is int32[?,2]."
        assert "7" in refused(ModelNotFound, f"{server.address}/7", server.address, "--model-name", "m")
    finally:
        server.stop()


def test_a_half_copied_version_cannot_take_a_place(tiny_model_dir, server, broken_copy):
    half = broken_copy(tiny_model_dir)
    (half / "variables" / "variables.data-00000-of-00001").unlink()
    difference = found(server.address, half, "--iterations", 1, exit_code=1)
    assert difference.problems == [f"{half}: variables/variables.data-00000-of-00001 is missing."]
    (call,) = difference.behaviour.calls
    assert call.a_problem == ""
    assert f"{half} cannot be loaded" in call.b_problem


def test_what_is_no_model_no_server_and_no_picture_is_explained(tiny_model_dir, tmp_path):
    (tmp_path / "text.png").write_text("words")
    assert "There is no folder" in refused(SavedModelError, tiny_model_dir, tmp_path / "none")
    assert "localhost:1" in refused(ServerUnavailable, "localhost:1", tiny_model_dir)
    assert "must be HOST:PORT" in refused(RequestRefused, "localhost:99999", tiny_model_dir)
    words = refused(PictureError, tiny_model_dir, tiny_model_dir, "--content", tmp_path / "text.png")
    assert "is text, not a picture" in words


def test_the_pictures_of_a_person_are_used(server, tmp_path):
    Image.fromarray(np.zeros((40, 50, 3), np.uint8)).save(tmp_path / "style.png")
    arguments = [server.address, server.address, "--style", tmp_path / "style.png", "--size", 0, "--iterations", 1]
    (call,) = found(*arguments).behaviour.calls
    assert call.inputs == ["content uint8[96,128,3]", "style uint8[40,50,3]", "iterations=1"]
