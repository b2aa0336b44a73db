"""The embedded server: gRPC, and REST where asked for, in front of a catalog of models."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from tensorflow_serving.apis import (
    model_service_pb2,
    model_service_pb2_grpc,
    prediction_service_pb2,
    prediction_service_pb2_grpc,
)
from tensorflow_serving.config import model_server_config_pb2

from nst_export.processor import this_cpuinfo
from nst_export.saved_model.model_folder import why_no_version
from nst_export.saved_model.warmup_records import read_warmup_requests
from nst_serving.admission import Admission
from nst_serving.catalog import Catalog
from nst_serving.errors import StartError
from nst_serving.log import LOG, log_slowness
from nst_serving.metrics import Metrics
from nst_serving.options import ServerOptions
from nst_serving.predict import predict
from nst_serving.predictor import Predictor
from nst_serving.rest import RestServer
from nst_serving.services import ModelService, PredictionService
from nst_serving.sessions import Sessions
from nst_serving.tls import server_credentials

# Beside the predictions that run and wait: for status, metadata and describe, and for clients that open a call
# and never finish sending, since grpcio gives a call its thread before the request has arrived. Threads are
# made when they are needed.
SPARE_THREADS = 1024

# What is cancelled when the grace period is over ends within an iteration, and a thread may be waiting for its turn.
SLACK_SECONDS = 5.0

CHANNEL_OPTIONS = [
    ("grpc.max_receive_message_length", -1),  # as TensorFlow Serving; the default is 4 MiB
    ("grpc.max_send_message_length", -1),
    ("grpc.so_reuseport", 0),  # two servers on one port must not share its requests
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),  # the default, 5 minutes, cuts off watchful clients
]

HEALTH_NAMES = ("", "PredictionService", "ModelService")  # model_servers/server.cc


class EmbeddedServer:
    """Serves models until it is stopped."""

    def __init__(self, config: model_server_config_pb2.ModelServerConfig, options: ServerOptions) -> None:
        """Loads the models, then starts answering.

        Args:
            config: which models and versions, see `nst_serving.options.single_model`.
            options: everything else.

        Raises:
            StartError: a model has no version that can be loaded, or an address cannot be listened at.
        """
        self._options = options
        self._stopping = threading.Event()
        self.catalog = Catalog(config, self._load, labels_before_versions=options.labels_before_versions)
        self.catalog.refresh()
        self._check_started(config)
        self._admission = Admission(running=options.running, waiting=options.waiting)
        self._metrics = Metrics(lambda: self._admission.in_flight)
        predictor = Predictor(self.catalog, self._admission, self._metrics, tensor_content=options.tensor_content)
        threads = options.running + options.waiting + SPARE_THREADS
        self._grpc = grpc.server(ThreadPoolExecutor(threads), options=CHANNEL_OPTIONS)
        self._health = _add_services(self._grpc, self.catalog, predictor)
        self.port = self._listen()
        self.address = f"{options.host}:{self.port}"
        self._rest = None if options.rest_port is None else RestServer(self.catalog, predictor, self._metrics, options)
        self.rest_address = None if self._rest is None else f"{options.host}:{self._rest.port}"
        self._grpc.start()
        self._poller = threading.Thread(target=self._poll, name="versions", daemon=True)
        self._poller.start()

    def wait(self) -> None:
        """Returns when the server has been stopped."""
        self._grpc.wait_for_termination()

    def stop(self, grace_seconds: float = 0.0) -> list[str]:
        """Refuses new calls at once, lets running ones end within `grace_seconds`, and frees the models.

        Returns:
            What had not ended `SLACK_SECONDS` later, by its name: it goes on, and its models are not freed. A call
            that nothing can interrupt, such as one step of XLA's, or a load of a version.
        """
        end = time.monotonic() + grace_seconds + SLACK_SECONDS
        self._stopping.set()
        self._health.enter_graceful_shutdown()
        stopped = self._grpc.stop(grace_seconds)
        if self._rest is not None:
            self._rest.begin_stop(grace_seconds)
        left = [] if stopped.wait(max(0.0, end - time.monotonic())) else ["gRPC calls"]
        if self._rest is not None and not self._rest.has_stopped(max(0.0, end - time.monotonic())):
            left.append("REST calls")
        self._poller.join(max(0.0, end - time.monotonic()))
        if self._poller.is_alive():
            left.append("the load of a version")
        if left:
            LOG.error("Stopped without waiting any longer for %s.", " and ".join(left))
        else:
            self.catalog.close()
        return left

    def _load(self, version_dir: Path) -> Sessions:
        """A version ready to serve: loaded, and warmed up."""
        sessions = Sessions(version_dir)
        try:
            if self._options.warm_up:
                for request in read_warmup_requests(version_dir):
                    predict(sessions.signatures, request, sessions.run)
        except BaseException:
            sessions.close()
            raise
        log_slowness(version_dir, this_cpuinfo())
        return sessions

    def _listen(self) -> int:
        address = f"{self._options.host}:{self._options.port}"
        try:
            if self._options.ssl_config is None:
                return int(self._grpc.add_insecure_port(address))
            return int(self._grpc.add_secure_port(address, server_credentials(self._options.ssl_config)))
        except RuntimeError as error:
            message = f"Cannot listen at {address}: the port is taken, or the address is not this machine's."
            raise StartError(message, "Choose another with --port (0 takes a free one).") from error

    def _check_started(self, config: model_server_config_pb2.ModelServerConfig) -> None:
        """TensorFlow Serving waits for ever for a model without versions; a person would rather be told."""
        for model in config.model_config_list.config:
            failures = self.catalog.failures(model.name)
            if failures:
                raise StartError(f"{model.base_path}: {failures[0]}", "Export it again with `nst export`.")
            if not self.catalog.versions(model.name):
                raise StartError(*why_no_version(Path(model.base_path)))

    def _poll(self) -> None:
        while self._options.poll_seconds and not self._stopping.wait(self._options.poll_seconds):
            self.catalog.refresh()


def _add_services(server: grpc.Server, catalog: Catalog, predictor: Predictor) -> health.HealthServicer:
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(PredictionService(catalog, predictor), server)
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(ModelService(catalog), server)
    servicer = health.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    for name in HEALTH_NAMES:
        servicer.set(name, health_pb2.HealthCheckResponse.SERVING)
    names = [module.DESCRIPTOR.services_by_name[service].full_name for module, service in REFLECTED]
    reflection.enable_server_reflection((*names, reflection.SERVICE_NAME), server)
    return servicer


REFLECTED = (
    (prediction_service_pb2, "PredictionService"),
    (model_service_pb2, "ModelService"),
    (health_pb2, "Health"),
)
