"""The warm-up file: read back as written, and refused in the server's words when the damage is reached."""

from __future__ import annotations

import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

from nst_export.saved_model.warmup_file import MAX_RECORDS, WARMUP_FILE
from nst_export.saved_model.warmup_records import read_warmup_requests, write_warmup_requests


def request(signature: str) -> predict_pb2.PredictRequest:
    made = predict_pb2.PredictRequest()
    made.model_spec.signature_name = signature
    return made


def write_records(folder, records: list[bytes]) -> None:
    (folder / WARMUP_FILE).parent.mkdir()
    with tf.io.TFRecordWriter(str(folder / WARMUP_FILE)) as writer:
        for record in records:
            writer.write(record)


def test_requests_come_back_in_their_order(tmp_path):
    requests = [request(name) for name in ("b", "a", "c")]
    write_warmup_requests(tmp_path, requests)
    assert list(read_warmup_requests(tmp_path)) == requests


def test_no_file_is_no_requests(tmp_path):
    assert list(read_warmup_requests(tmp_path)) == []


def test_an_empty_file_is_no_requests(tmp_path):
    write_warmup_requests(tmp_path, [])
    assert list(read_warmup_requests(tmp_path)) == []


def test_one_more_than_the_server_takes_is_refused_after_those_that_it_takes(tmp_path):
    write_warmup_requests(tmp_path, [request("a")] * (MAX_RECORDS + 1))
    requests = read_warmup_requests(tmp_path)
    assert sum(1 for _ in zip(range(MAX_RECORDS), requests, strict=False)) == MAX_RECORDS
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"exceeds the maximum \(1000\) at .*warmup_requests"):
        next(requests)


def test_another_kind_of_record_is_refused_when_its_turn_comes(tmp_path):
    first = prediction_log_pb2.PredictionLog(predict_log=prediction_log_pb2.PredictLog(request=request("a")))
    other = prediction_log_pb2.PredictionLog()
    other.regress_log.SetInParent()
    write_records(tmp_path, [first.SerializeToString(), other.SerializeToString()])
    requests = read_warmup_requests(tmp_path)
    assert next(requests) == request("a")
    with pytest.raises(tf.errors.UnimplementedError, match="Unsupported log_type for warmup: regress_log"):
        next(requests)


def test_a_record_that_is_not_a_message_is_refused(tmp_path):
    write_records(tmp_path, [b"\xff\xff\xff"])
    with pytest.raises(tf.errors.InvalidArgumentError, match="Failed to parse warmup record"):
        list(read_warmup_requests(tmp_path))


@pytest.mark.parametrize("cut", [1, 10], ids=["footer", "record"])
def test_a_file_that_was_cut_off_is_refused(tmp_path, cut):
    write_warmup_requests(tmp_path, [request("a"), request("b")])
    file = tmp_path / WARMUP_FILE
    file.write_bytes(file.read_bytes()[:-cut])
    with pytest.raises(tf.errors.DataLossError, match="Please verify your warmup data is in TFRecord format"):
        list(read_warmup_requests(tmp_path))
