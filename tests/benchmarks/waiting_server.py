"""A server that takes time and no processor, as one with a GPU elsewhere: what is left is the client's own work.

    python -m tests.benchmarks.waiting_server SECONDS_PER_ITERATION

Prints its address. One run at a time; states and pictures have their true sizes, and nothing is computed.
"""

from __future__ import annotations

import sys
import threading
import time
from concurrent import futures

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import (
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from nst_client.calls.transport import OPTIONS


class Waiting(prediction_service_pb2_grpc.PredictionServiceServicer, model_service_pb2_grpc.ModelServiceServicer):
    def __init__(self, seconds_per_iteration: float) -> None:
        self._seconds = seconds_per_iteration
        self._device = threading.Lock()

    def Predict(self, request, context):  # noqa: N802
        content = request.inputs["content"]
        if request.model_spec.signature_name == "stylize_start":
            bytes_each = 4 * np.prod([dim.size for dim in content.tensor_shape.dim])
            state = tf.make_tensor_proto([b"header", *[bytes(bytes_each)] * 3])
            return predict_pb2.PredictResponse(outputs={"state_bytes": state, "image": content})
        iterations = int(tf.make_ndarray(request.inputs["iterations"]))
        with self._device:
            time.sleep((iterations + 0.7) * self._seconds)  # the targets cost two thirds of an iteration
        losses = tf.make_tensor_proto(np.ones((iterations, 4), np.float32))
        outputs = {"state_bytes": request.inputs["state_bytes"], "image": content, "losses": losses}
        return predict_pb2.PredictResponse(outputs=outputs)

    def GetModelStatus(self, request, context):  # noqa: N802
        status = get_model_status_pb2.ModelVersionStatus(version=1, state="AVAILABLE")
        return get_model_status_pb2.GetModelStatusResponse(model_version_status=[status])


def main() -> None:
    service = Waiting(float(sys.argv[1]))
    server = grpc.server(futures.ThreadPoolExecutor(16), options=OPTIONS)
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(service, server)
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(service, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(f"127.0.0.1:{port}", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
