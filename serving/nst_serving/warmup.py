"""Warm-up requests, run when a version is loaded (saved_model_warmup_util.cc)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import grpc
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

from nst_serving.errors import RequestError

WARMUP_FILE = Path("assets.extra") / "tf_serving_warmup_requests"
MAX_RECORDS = 1000


def run_warmup_requests(version_dir: Path, predict: Callable[[predict_pb2.PredictRequest], object]) -> int:
    """Runs the version's records one by one, and returns their number.

    Raises:
        RequestError: a record fails, is of another kind than Predict, or the file cannot be read.
    """
    file = version_dir / WARMUP_FILE
    if not file.is_file():
        return 0
    count = 0
    for record in _records(file):
        count += 1
        if count > MAX_RECORDS:
            message = f"Number of warmup records exceeds the maximum ({MAX_RECORDS}) at {file}"
            raise RequestError(grpc.StatusCode.INVALID_ARGUMENT, message)
        log = prediction_log_pb2.PredictionLog.FromString(record)
        if not log.HasField("predict_log"):
            message = f"Unsupported log_type for warmup: {log.WhichOneof('log_type')}"
            raise RequestError(grpc.StatusCode.UNIMPLEMENTED, message)
        predict(log.predict_log.request)
    return count


def _records(file: Path) -> list[bytes]:
    try:
        return [record.numpy() for record in tf.data.TFRecordDataset(str(file))]
    except tf.errors.DataLossError as error:
        message = f"{error.message}. Please verify your warmup data is in TFRecord format."
        raise RequestError(grpc.StatusCode.DATA_LOSS, message) from error
