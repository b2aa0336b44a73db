"""The warm-up file: requests that TensorFlow Serving runs when it loads a version.

A TFRecord file of PredictionLog messages; names, limit and words: saved_model_warmup_util.cc.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

from nst_export.saved_model.warmup_file import MAX_RECORDS, WARMUP_FILE


def write_warmup_requests(version_dir: Path, requests: Iterable[predict_pb2.PredictRequest]) -> None:
    """Writes the file, in the order given.

    Raises:
        tf.errors.OpError: the disk is full or cannot be written.
    """
    file = version_dir / WARMUP_FILE
    file.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(file)) as writer:
        for request in requests:
            log = prediction_log_pb2.PredictLog(request=request)
            writer.write(prediction_log_pb2.PredictionLog(predict_log=log).SerializeToString())


def read_warmup_requests(version_dir: Path) -> Iterator[predict_pb2.PredictRequest]:
    """The requests, one by one, in the file's order; none if there is no file.

    What is wrong with a record is raised when its turn comes: the server has run those before it by then.

    Raises:
        tf.errors.OpError: in the server's words: the file is damaged, a record is not a Predict request, or there
            are more than a server takes.
    """
    file = version_dir / WARMUP_FILE
    if not file.is_file():
        return
    for count, record in enumerate(_records(file), start=1):
        if count > MAX_RECORDS:
            message = f"Number of warmup records exceeds the maximum ({MAX_RECORDS}) at {file}"
            raise tf.errors.InvalidArgumentError(None, None, message)
        try:
            log = prediction_log_pb2.PredictionLog.FromString(record)
        except DecodeError as error:
            raise tf.errors.InvalidArgumentError(None, None, f"Failed to parse warmup record: {error}") from error
        if not log.HasField("predict_log"):
            message = f"Unsupported log_type for warmup: {log.WhichOneof('log_type')}"
            raise tf.errors.UnimplementedError(None, None, message)
        yield log.predict_log.request


def _records(file: Path) -> Iterator[bytes]:
    try:
        for record in tf.data.TFRecordDataset(str(file)):
            yield record.numpy()
    except tf.errors.DataLossError as error:
        message = f"{error.message}. Please verify your warmup data is in TFRecord format."
        raise tf.errors.DataLossError(None, None, message) from error
