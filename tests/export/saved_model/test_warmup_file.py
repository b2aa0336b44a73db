"""The warm-up file without TensorFlow's runtime: the requests that a server reads, or where it is damaged."""

from __future__ import annotations

import os

import pytest

from nst_export.errors import SavedModelError
from nst_export.saved_model.warmup_file import MAX_RECORDS, WARMUP_FILE, recorded_requests
from nst_export.saved_model.warmup_records import read_warmup_requests, write_warmup_requests
from tests.export.saved_model.test_warmup_records import request, write_records


def test_they_are_those_that_a_server_reads(tiny_model_dir):
    assert list(recorded_requests(tiny_model_dir / "1")) == list(read_warmup_requests(tiny_model_dir / "1"))


def test_no_file_is_no_requests(tmp_path):
    assert list(recorded_requests(tmp_path)) == []


def test_one_more_than_a_server_takes_is_refused(tmp_path):
    write_warmup_requests(tmp_path, [request("a")] * (MAX_RECORDS + 1))
    with pytest.raises(SavedModelError, match="holds more than 1000 requests"):
        list(recorded_requests(tmp_path))


@pytest.mark.parametrize(
    ("record", "words"),
    [(b"\xff\xff\xff", "record 1 is no request"), (b"\x3a\x00", "record 1 is a"), (b"", "record 1 is a nothing")],
    ids=["no message", "another kind", "empty"],
)
def test_a_record_that_is_no_predict_request_is_refused(tmp_path, record, words):
    write_records(tmp_path, [record])
    with pytest.raises(SavedModelError, match=words):
        list(recorded_requests(tmp_path))


@pytest.mark.parametrize("cut", [1, 10, 20], ids=["footer", "record", "length"])
def test_a_file_that_was_cut_off_gives_what_is_whole(tmp_path, cut):
    write_warmup_requests(tmp_path, [request("a"), request("b")])
    file = tmp_path / WARMUP_FILE
    file.write_bytes(file.read_bytes()[:-cut])
    requests = recorded_requests(tmp_path)
    assert next(requests) == request("a")
    with pytest.raises(SavedModelError, match="is damaged at byte"):
        next(requests)


def test_a_flipped_bit_is_found(tmp_path):
    write_warmup_requests(tmp_path, [request("a")])
    data = bytearray((tmp_path / WARMUP_FILE).read_bytes())
    data[14] ^= 1
    (tmp_path / WARMUP_FILE).write_bytes(data)
    with pytest.raises(SavedModelError, match="is damaged at byte 0, or cut off"):
        list(recorded_requests(tmp_path))


def test_a_large_file_is_not_decoded(tmp_path):
    write_warmup_requests(tmp_path, [])
    os.truncate(tmp_path / WARMUP_FILE, 2**26 + 1)
    with pytest.raises(SavedModelError, match="67,108,865 bytes: it is not decoded"):
        list(recorded_requests(tmp_path))
