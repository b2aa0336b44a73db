"""A model without a server: the same pictures and refusals as over a socket, and a word on every bad folder."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import get_model_status_pb2, predict_pb2

from nst_client import errors
from nst_client.calls import failures, transport
from nst_export.saved_model.model_folder import NUMBERS_ONLY
from nst_export.saved_model.warmup_records import read_warmup_requests
from nst_serving.in_process import InProcessStub, ModelDirectoryError
from tests.conftest import picture
from tests.serving.conftest import stubs_at


@pytest.fixture(scope="module")
def local(tiny_model_dir):
    stub = InProcessStub(tiny_model_dir)
    yield stub
    stub.close()


@pytest.fixture
def model_dir(tmp_path, light_model_dir):
    for number in (1, 2):
        shutil.copytree(light_model_dir / "1", tmp_path / "nst" / str(number))
    return tmp_path / "nst"


def request(inputs=None, *, model="nst", signature="", output_filter=(), version=None, label=""):
    message = predict_pb2.PredictRequest(output_filter=output_filter)
    message.model_spec.name, message.model_spec.signature_name, message.model_spec.version_label = (
        model,
        signature,
        label,
    )
    if version is not None:
        message.model_spec.version.value = version
    for name, value in (inputs or {}).items():
        message.inputs[name].CopyFrom(tf.make_tensor_proto(value))
    return message


def status_request(model="nst", version=None):
    message = get_model_status_pb2.GetModelStatusRequest()
    message.model_spec.name = model
    if version is not None:
        message.model_spec.version.value = version
    return message


def a_run(**changes) -> dict:
    return {"content": picture(48, 64, 1), "style": picture(56, 40, 2), "iterations": np.int32(2), **changes}


def describe(**spec) -> predict_pb2.PredictRequest:
    """What every version answers at once, where a run would have the runtime prepare it first."""
    return request(signature="describe", **spec)


def assert_same_answer(local, server, message) -> None:
    here = local.Predict(message, timeout=60)
    with stubs_at(server.address) as (prediction, _):
        there = prediction.Predict(message, timeout=60)
    assert here.model_spec == there.model_spec
    assert sorted(here.outputs) == sorted(there.outputs)
    for name in there.outputs:
        assert here.outputs[name].dtype == there.outputs[name].dtype
        np.testing.assert_array_equal(tf.make_ndarray(here.outputs[name]), tf.make_ndarray(there.outputs[name]))


def refusal(method, message) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.RpcError) as error:
        method(message, timeout=60)
    return error.value.code(), error.value.details()


@pytest.mark.parametrize("signature", ["stylize_encoded_start", "describe"])  # strings and numbers, and no input
def test_a_signature_gives_the_same_bits_as_over_a_socket(local, server, tiny_model_dir, signature):
    requests = list(read_warmup_requests(tiny_model_dir / "1"))
    message = next(each for each in requests if each.model_spec.signature_name == signature)
    message.model_spec.name = "nst"
    assert_same_answer(local, server, message)


def test_so_does_a_run_of_real_pictures(local, server):
    assert_same_answer(local, server, request(a_run()))
    assert_same_answer(local, server, request(a_run(style_weight=np.float32(3), learning_rate=np.float32(1))))


@pytest.mark.slow
def test_simultaneous_calls_do_not_see_each_others_state(local):
    messages = [request(a_run(content=picture(40 + 8 * n, 64, n), iterations=np.int32(3 + n))) for n in range(2)]
    alone = [local.Predict(message) for message in messages]
    together = [None] * len(messages)

    def run(number):
        together[number] = local.Predict(messages[number])

    threads = [threading.Thread(target=run, args=[number]) for number in range(len(messages))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == alone


NO_PIXELS = tf.make_tensor_proto(picture(48, 64))
NO_PIXELS.tensor_content = b"too short"
BAD_TENSOR = request(a_run())
BAD_TENSOR.inputs["content"].CopyFrom(NO_PIXELS)
NUMBERS = ("content_weight", "style_weight", "tv_weight", "learning_rate", "bogus")
REFUSED = {
    "no model_spec": predict_pb2.PredictRequest(),
    "empty name": request(a_run(), model=""),
    "other model": request(a_run(), model="other"),
    "other version": request(a_run(), version=7),
    "unknown label": request(a_run(), label="stable"),
    "unknown signature": request(a_run(), signature="paint"),
    "missing input": request({"content": picture(48, 64)}),
    "missing input, no defaults": request({"content": picture(48, 64)}, signature="evaluate"),
    "extra input": request(a_run(colour=np.int32(1))),
    "too many inputs": request(a_run(**dict.fromkeys(NUMBERS, np.float32(1)))),
    "long message": request(a_run(**{f"quite a wrong name of an input, {n}": np.float32(1) for n in range(40)})),
    "tensor that does not parse": BAD_TENSOR,
    "unknown output": request(a_run(), output_filter=["picture"]),
    "output named twice": request(a_run(), output_filter=["image", "image"]),
    "wrong dtype": request(a_run(content=np.zeros((48, 64, 3), np.float32))),
    "wrong rank": request(a_run(style=np.zeros((48, 64), np.uint8))),
    "too small": request(a_run(content=picture(16, 16))),
    "too large": request(a_run(content=picture(200, 200))),
    "no iterations": request(a_run(iterations=np.int32(0))),
    "not a number": request(a_run(style_weight=np.float32("nan"))),
    "bytes that are no picture": request(
        {"content_bytes": b"?", "style_bytes": b"?", "iterations": np.int32(1)}, signature="stylize_encoded"
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refusal_has_the_servers_code_and_words(local, server, case):
    with stubs_at(server.address) as (prediction, _):
        assert refusal(local.Predict, REFUSED[case]) == refusal(prediction.Predict, REFUSED[case])


@pytest.mark.parametrize("message", [status_request(), status_request(version=1)], ids=["all", "one"])
def test_the_status_is_the_servers(local, server, message):
    with stubs_at(server.address) as (_, model):
        assert local.GetModelStatus(message, timeout=10) == model.GetModelStatus(message, timeout=10)


BAD_STATUS = [status_request("other"), status_request(version=7), get_model_status_pb2.GetModelStatusRequest()]


@pytest.mark.parametrize("message", BAD_STATUS, ids=["other model", "other version", "no model_spec"])
def test_so_is_a_status_that_is_refused(local, server, message):
    with stubs_at(server.address) as (_, model):
        assert refusal(local.GetModelStatus, message) == refusal(model.GetModelStatus, message)


@pytest.mark.parametrize(
    ("case", "kind"),
    [("wrong rank", errors.RequestRefused), ("other version", errors.ModelNotFound),
     ("unknown signature", errors.SignatureNotFound)],
)  # fmt: skip
def test_the_client_makes_its_own_errors_of_it(local, case, kind):
    with pytest.raises(kind):
        transport.call(local.Predict, REFUSED[case], failures.Call("here", 60))


def test_a_defect_is_answered_as_grpcio_answers_it(local):
    code, text = refusal(local.Predict, None)  # which no caller passes: it fails where nothing was foreseen
    assert code == grpc.StatusCode.UNKNOWN
    assert text.startswith("Exception calling application: ")


@pytest.mark.parametrize("timeout", [None, 2**31 / 1000, transport.LONGEST_DEADLINE_SECONDS])
def test_a_deadline_beyond_the_runtimes_own_numbers_is_none(local, timeout):
    assert local.Predict(request(a_run()), timeout=timeout).outputs


def test_the_newest_version_runs_unless_another_is_asked_for(model_dir):
    newest, older = InProcessStub(model_dir), InProcessStub(model_dir, version=1)
    assert newest.Predict(describe()).model_spec.version.value == 2
    assert older.Predict(describe()).model_spec.version.value == 1
    assert [entry.version for entry in older.GetModelStatus(status_request()).model_version_status] == [1]
    assert newest.Predict(describe(version=1)).model_spec.version.value == 1
    assert [entry.version for entry in newest.GetModelStatus(status_request()).model_version_status] == [2, 1]
    newest.close()
    older.close()


def test_a_version_that_is_loaded_later_and_broken_says_why(model_dir):
    (model_dir / "1" / "saved_model.pb").unlink()
    stub = InProcessStub(model_dir)
    for _ in range(2):
        code, text = refusal(stub.Predict, describe(version=1))
        assert code == grpc.StatusCode.NOT_FOUND
        assert text.startswith("Specified file path does not appear to contain a SavedModel")
    assert stub.Predict(describe()).model_spec.version.value == 2
    stub.close()


def test_a_path_that_is_not_utf_8_is_refused(tmp_path):
    with pytest.raises(ModelDirectoryError, match="is not UTF-8"):
        InProcessStub(tmp_path / os.fsdecode(b"\xff"))


@pytest.mark.parametrize("named", ["nst/1", ".", "link"])
def test_a_version_folder_is_a_model_of_that_version_alone(model_dir, monkeypatch, named):
    (model_dir.parent / "link").symlink_to(model_dir / "1")
    monkeypatch.chdir(model_dir / "1" if named == "." else model_dir.parent)
    stub = InProcessStub(Path(named))
    assert stub.Predict(describe()).model_spec.version.value == 1
    expected = (grpc.StatusCode.NOT_FOUND, "Servable not found for request: Specific(nst, 2)")
    assert refusal(stub.Predict, describe(version=2)) == expected
    stub.close()


def test_the_model_has_the_name_that_it_was_given(light_model_dir):
    stub = InProcessStub(light_model_dir, name="tiny")
    assert stub.Predict(describe(model="tiny")).model_spec.name == "tiny"
    assert refusal(stub.Predict, describe())[0] == grpc.StatusCode.NOT_FOUND
    stub.close()


def unusable(model_dir, version=None) -> str:
    with pytest.raises(ModelDirectoryError) as error:
        InProcessStub(model_dir, version=version)
    assert error.value.remedy
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_folder_without_a_model_is_explained(tmp_path, model_dir):
    assert unusable(tmp_path / "nowhere") == f"There is no folder {tmp_path / 'nowhere'}."
    shutil.copytree(model_dir / "1", tmp_path / "bare")
    assert unusable(tmp_path / "bare") == f"{tmp_path / 'bare'} holds a SavedModel itself: {NUMBERS_ONLY}."
    assert unusable(model_dir, version=7) == f"{model_dir} has no version 7; there is 1, 2."


VARIABLES = "variables/variables.data-00000-of-00001"
HALF_COPIED = {
    "saved_model.pb missing": ("saved_model.pb", None, "does not appear to contain a SavedModel bundle"),
    "saved_model.pb empty": ("saved_model.pb", 0, "MetaGraphDef associated with tags 'serve' could not be found"),
    "saved_model.pb cut off": ("saved_model.pb", 0.5, "Cannot parse file"),
    "variables missing": (VARIABLES, None, "No such file or directory"),
    "variables cut off": (VARIABLES, 0.5, "Read less bytes than requested"),
    "index missing": ("variables/variables.index", None, "is not a valid checkpoint"),
    "index cut off": ("variables/variables.index", 0.5, "not an sstable"),
}


@pytest.mark.parametrize("case", HALF_COPIED)
def test_a_half_copied_version_is_explained(model_dir, case):
    name, part, text = HALF_COPIED[case]
    file = model_dir / "2" / name
    whole = file.read_bytes()
    file.unlink()
    if part is not None:
        file.write_bytes(whole[: int(part * len(whole))])
    for folder in (model_dir, model_dir / "2"):
        message = unusable(folder)
        assert message.startswith(f"{model_dir / '2'} cannot be loaded: ")
        assert text in message


def test_another_programs_model_is_explained(tmp_path):
    module = tf.Module()
    module.half = tf.function(lambda x: {"y": x / 2}, input_signature=[tf.TensorSpec([], tf.float32)])
    tf.saved_model.save(module, str(tmp_path / "1"), signatures=module.half)
    assert unusable(tmp_path) == f"{tmp_path / '1'} is another program's model: it lacks the signature describe."
