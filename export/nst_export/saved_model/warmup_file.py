"""The warm-up file, looked at without TensorFlow's runtime; `warmup_records` writes it, and reads it as servers do.

TFRecord: each record is its length, the length's checksum, the bytes, and their checksum (record_reader.cc).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from google.protobuf.message import DecodeError

from nst_export.errors import SavedModelError
from nst_export.saved_model.crc32c import masked_crc32c
from nst_export.saved_model.messages import predict_pb2, prediction_log_pb2
from nst_export.saved_model.version_folder import EXTRA_ASSETS

WARMUP_FILE = EXTRA_ASSETS / "tf_serving_warmup_requests"
MAX_RECORDS = 1000

LARGEST_FILE = 2**26  # bytes: what is read here; a server reads more
LARGEST_CHECKED = 2**22  # bytes of a file whose records' checksums are compared: half a second
REMEDY = "A server refuses to load this version: write the file again, or delete it."


def recorded_requests(version_dir: Path) -> Iterator[predict_pb2.PredictRequest]:
    """The requests, one by one; none if there is no file.

    Raises:
        SavedModelError: at the record that is damaged, or is no Predict request; or the file is larger than 64 MB.
    """
    file = version_dir / WARMUP_FILE
    if not file.is_file():
        return
    size = file.stat().st_size
    if size > LARGEST_FILE:
        raise SavedModelError(f"{file} has {size:,} bytes: it is not decoded.", "Keep warm-up requests small.")
    with file.open("rb") as stream:
        for count, record in enumerate(_records(stream, size <= LARGEST_CHECKED, file), start=1):
            if count > MAX_RECORDS:
                raise SavedModelError(f"{file} holds more than {MAX_RECORDS} requests.", REMEDY)
            try:
                log = prediction_log_pb2.PredictionLog.FromString(record)
            except DecodeError as error:
                raise SavedModelError(f"{file}: record {count} is no request.", REMEDY) from error
            if not log.HasField("predict_log"):
                kind = log.WhichOneof("log_type") or "nothing"
                raise SavedModelError(f"{file}: record {count} is a {kind}, not a Predict request.", REMEDY)
            yield log.predict_log.request


def _records(stream: BinaryIO, compare: bool, file: Path) -> Iterator[bytes]:
    while head := stream.read(12):
        at = stream.tell() - len(head)
        length = int.from_bytes(head[:8], "little")
        if len(head) < 12 or length > LARGEST_FILE or masked_crc32c(head[:8]) != int.from_bytes(head[8:], "little"):
            raise SavedModelError(f"{file} is damaged at byte {at}.", REMEDY)
        record, checksum = stream.read(length), stream.read(4)
        if len(checksum) < 4 or (compare and masked_crc32c(record) != int.from_bytes(checksum, "little")):
            raise SavedModelError(f"{file} is damaged at byte {at}, or cut off.", REMEDY)
        yield record
