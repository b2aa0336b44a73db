"""The embedded server: one model on one port."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
from tensorflow_serving.apis import model_service_pb2_grpc, prediction_service_pb2_grpc

from nst_serving.errors import StartError
from nst_serving.model import Model
from nst_serving.services import ModelService, PredictionService, ServedModel

# A run takes all cores by itself; the threads beyond the first few are for status calls beside them.
HANDLER_THREADS = 16

OPTIONS = [
    ("grpc.max_receive_message_length", -1),  # as TensorFlow Serving; the default is 4 MiB
    ("grpc.max_send_message_length", -1),
    ("grpc.so_reuseport", 0),  # two servers on one port must not share its requests
]


class EmbeddedServer:
    """Serves the newest version in a model's folder until it is stopped."""

    def __init__(self, model_dir: Path, *, name: str, host: str, port: int) -> None:
        """Loads the model and starts answering.

        Args:
            model_dir: holds version directories.
            name: the model's name in requests.
            host: address to listen at.
            port: 0 takes a free one.

        Raises:
            StartError: no version can be loaded, or the address cannot be listened at.
        """
        version_dir = newest_version(model_dir)
        self._model = Model(version_dir, inter_op_threads=HANDLER_THREADS)
        self.name = name
        self.version = int(version_dir.name)
        served = ServedModel(name, self.version, self._model)
        self._server = grpc.server(ThreadPoolExecutor(HANDLER_THREADS), options=OPTIONS)
        prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(PredictionService(served), self._server)
        model_service_pb2_grpc.add_ModelServiceServicer_to_server(ModelService(served), self._server)
        try:
            self.port: int = self._server.add_insecure_port(f"{host}:{port}")
        except RuntimeError as error:
            message = f"Cannot listen at {host}:{port}: the port is taken, or the address is not this machine's."
            raise StartError(message, "Choose another with --port (0 takes a free one).") from error
        self.address = f"{host}:{self.port}"
        self._server.start()

    def wait(self) -> None:
        """Returns when the server has been stopped."""
        self._server.wait_for_termination()

    def stop(self, grace_seconds: float | None = None) -> None:
        """Refuses new calls at once, lets running ones end within `grace_seconds`, and frees the model."""
        self._server.stop(grace_seconds).wait()
        self._model.close()


def newest_version(model_dir: Path) -> Path:
    """The version directory with the highest number."""
    versions = [path for path in model_dir.glob("*") if path.name.isdecimal() and path.is_dir()]
    if not versions:
        what = f"{model_dir} holds no version directory" if model_dir.is_dir() else f"There is no folder {model_dir}"
        raise StartError(f"{what}.", f"Make one with `nst export {model_dir}`.")
    return max(versions, key=lambda path: int(path.name))
