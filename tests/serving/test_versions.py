"""Versions come and go on disk while the server runs."""

from __future__ import annotations

import shutil
import time

import grpc
import pytest
import tensorflow as tf
from tensorflow_serving.apis import model_management_pb2, predict_pb2, prediction_log_pb2

from nst_client import NstError, StyleClient
from nst_export.saved_model.warmup_file import WARMUP_FILE
from nst_serving.errors import StartError
from nst_serving.options import ServerOptions, single_model
from nst_serving.server import EmbeddedServer
from tests.conftest import picture
from tests.events import GUARD_SECONDS
from tests.serving.conftest import stubs_at, version_at


@pytest.fixture
def model_dir(tmp_path, light_model_dir):
    shutil.copytree(light_model_dir, tmp_path / "nst")
    return tmp_path / "nst"


@pytest.fixture
def server(model_dir):
    server = EmbeddedServer(single_model("nst", model_dir), ServerOptions(port=0, poll_seconds=0.05, warm_up=False))
    yield server
    server.stop()


def add_version(model_dir, number: int, source: int = 1) -> None:
    shutil.copytree(model_dir / str(source), model_dir / "unfinished")
    (model_dir / "unfinished").rename(model_dir / str(number))


def states(client, wanted: dict[int, str]) -> dict[int, str]:
    """The states once they are as wanted, or after a minute."""
    end = time.monotonic() + GUARD_SECONDS
    while True:
        found = {entry.version: entry.state for entry in client.status()}
        if found == wanted or time.monotonic() > end:
            return found
        time.sleep(0.05)


def test_a_new_version_is_served_before_the_old_one_goes(server, model_dir):
    with StyleClient(server.address) as client:
        add_version(model_dir, 2)
        wanted = {2: "AVAILABLE", 1: "END"}
        assert states(client, wanted) == wanted
        assert version_at(server.address) == 2


@pytest.mark.slow
def test_no_call_fails_while_versions_change(tmp_path, tiny_model_dir):
    """Runs, of a model that has some."""
    model_dir, small = tmp_path / "nst", picture(40, 40)
    shutil.copytree(tiny_model_dir, model_dir)
    options = ServerOptions(port=0, poll_seconds=0.05, warm_up=False)
    server = EmbeddedServer(single_model("nst", model_dir), options)
    with StyleClient(server.address) as client:
        versions = []
        for number in range(2, 6):
            add_version(model_dir, number)
            end = time.monotonic() + GUARD_SECONDS
            while not versions or versions[-1] != number:
                versions.append(client.stylize(small, small, iterations=1).version)
                assert time.monotonic() < end
        assert versions == sorted(versions)
    server.stop()


def test_a_broken_version_is_reported_and_the_old_one_serves_on(server, model_dir):
    with StyleClient(server.address) as client:
        shutil.copytree(model_dir / "1", model_dir / "unfinished")
        (model_dir / "unfinished" / "saved_model.pb").write_bytes(b"this is no SavedModel")
        (model_dir / "unfinished").rename(model_dir / "2")
        wanted = {2: "END", 1: "AVAILABLE"}
        assert states(client, wanted) == wanted
        assert client.status()[0].error
        assert version_at(server.address) == 1


def test_an_empty_version_is_reported_in_the_servers_words(server, model_dir):
    (model_dir / "2").mkdir()
    with StyleClient(server.address) as client:
        wanted = {2: "END", 1: "AVAILABLE"}
        assert states(client, wanted) == wanted
        assert client.status()[0].error.startswith("Specified file path does not appear to contain a SavedModel")


@pytest.mark.parametrize("first", ["saved_model.pb", "variables/variables.index", "assets.extra/model_card.json"])
def test_a_version_that_is_copied_file_by_file_is_served_when_it_is_complete(server, model_dir, first):
    with StyleClient(server.address) as client:
        (model_dir / "2" / first).parent.mkdir(parents=True)
        shutil.copy(model_dir / "1" / first, model_dir / "2" / first)
        wanted = {2: "END", 1: "AVAILABLE"}
        assert states(client, wanted) == wanted
        shutil.copytree(model_dir / "1", model_dir / "2", dirs_exist_ok=True)
        wanted = {2: "AVAILABLE", 1: "END"}
        assert states(client, wanted) == wanted
        assert client.status()[0].error == ""


def test_a_broken_version_that_is_taken_away_and_put_back_is_tried_again(server, model_dir, tmp_path):
    with StyleClient(server.address) as client:
        (model_dir / "2").mkdir()
        wanted = {2: "END", 1: "AVAILABLE"}
        assert states(client, wanted) == wanted
        (model_dir / "2").rename(tmp_path / "away")
        shutil.copytree(model_dir / "1", tmp_path / "away", dirs_exist_ok=True)
        (tmp_path / "away").rename(model_dir / "2")
        wanted = {2: "AVAILABLE", 1: "END"}
        assert states(client, wanted) == wanted


def test_a_models_folder_that_is_away_for_a_while_changes_nothing(server, model_dir, tmp_path):
    """Like a network disk: the server looks 20 times a second."""
    with StyleClient(server.address) as client:
        model_dir.rename(tmp_path / "away")
        time.sleep(0.5)
        assert states(client, {1: "AVAILABLE"}) == {1: "AVAILABLE"}
        (tmp_path / "away").rename(model_dir)
        add_version(model_dir, 2)
        wanted = {2: "AVAILABLE", 1: "END"}
        assert states(client, wanted) == wanted


def test_removing_all_versions_unloads_the_model(server, model_dir):
    with StyleClient(server.address) as client:
        shutil.rmtree(model_dir / "1")
        assert states(client, {1: "END"}) == {1: "END"}
        with pytest.raises(NstError, match=r"Servable not found for request: Latest\(nst\)"):
            client.describe()


@pytest.mark.parametrize(
    ("policy", "wanted"),
    [("latest { num_versions: 2 }", {3, 2}), ("all { }", {3, 2, 1}), ("specific { versions: 1 versions: 3 }", {3, 1})],
)
def test_the_policy_chooses_versions(model_dir, policy, wanted):
    from google.protobuf import text_format

    for number in (2, 3):
        add_version(model_dir, number)
    config = single_model("nst", model_dir)
    text_format.Merge(f"model_version_policy {{ {policy} }}", config.model_config_list.config[0])
    server = EmbeddedServer(config, ServerOptions(port=0, poll_seconds=0, warm_up=False))
    with StyleClient(server.address) as client:
        assert {entry.version for entry in client.status() if entry.state == "AVAILABLE"} == wanted
        for number in wanted:
            with StyleClient(server.address, version=number) as pinned:
                assert pinned.describe()["name"] == "light"
    server.stop()


def reload(address: str, config) -> None:
    with stubs_at(address) as (_, model):
        model.HandleReloadConfigRequest(model_management_pb2.ReloadConfigRequest(config=config), timeout=GUARD_SECONDS)


def test_reloading_adds_removes_and_labels_models(server, model_dir, tmp_path):
    shutil.copytree(model_dir, tmp_path / "second")
    config = single_model("nst", model_dir)
    config.model_config_list.config[0].version_labels["stable"] = 1
    config.model_config_list.config.add(name="second", base_path=str(tmp_path / "second"), model_platform="tensorflow")
    reload(server.address, config)
    with StyleClient(server.address, model="second") as client:
        assert client.describe()["name"] == "light"
    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.version_label = "nst", "stable"
    request.model_spec.signature_name = "describe"
    with stubs_at(server.address) as (prediction, _):
        reply = prediction.Predict(request, timeout=GUARD_SECONDS)
    assert reply.model_spec.version.value == 1
    assert not reply.model_spec.version_label
    reload(server.address, single_model("nst", model_dir))
    with StyleClient(server.address, model="second") as client, pytest.raises(NstError, match="Servable not found"):
        client.describe()


def test_a_new_model_that_cannot_be_loaded_is_named_and_the_others_serve_on(server, model_dir, tmp_path):
    (tmp_path / "second" / "1").mkdir(parents=True)
    config = single_model("nst", model_dir)
    config.model_config_list.config.add(name="second", base_path=str(tmp_path / "second"), model_platform="tensorflow")
    with pytest.raises(grpc.RpcError, match=r"1 model\(s\) did not become available") as error:
        reload(server.address, config)
    assert error.value.code() == grpc.StatusCode.UNKNOWN
    with StyleClient(server.address) as client:
        assert client.describe()["name"] == "light"


@pytest.mark.parametrize("damage", ["wrong rank", "not a TFRecord", "another kind"])
def test_a_warm_up_that_fails_keeps_the_version_from_being_served(tmp_path, tiny_model_dir, damage):
    model_dir = shutil.copytree(tiny_model_dir, tmp_path / "nst")
    file = model_dir / "1" / WARMUP_FILE
    log = prediction_log_pb2.PredictionLog()
    if damage == "another kind":
        log.regress_log.SetInParent()
    elif damage == "wrong rank":
        request = log.predict_log.request
        request.model_spec.name, request.model_spec.signature_name = "nst", "evaluate"  # which is soon prepared
        request.inputs["content"].CopyFrom(tf.make_tensor_proto([[1, 2], [3, 4]], dtype=tf.uint8))
        for name in ("style", "image"):
            request.inputs[name].CopyFrom(tf.make_tensor_proto(picture(40, 40)))
    with tf.io.TFRecordWriter(str(file)) as writer:
        writer.write(log.SerializeToString())
    if damage == "not a TFRecord":
        file.write_bytes(b"no record, but long enough to be read as the start of one")
    message = {
        "wrong rank": "not compatible with expected shape",
        "not a TFRecord": "Please verify your warmup data is in TFRecord format",
        "another kind": "Unsupported log_type for warmup",
    }[damage]
    with pytest.raises(StartError, match=message):
        EmbeddedServer(single_model("nst", model_dir), ServerOptions(port=0))
