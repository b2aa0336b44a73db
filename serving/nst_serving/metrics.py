"""Prometheus metrics under TensorFlow Serving's names, and the one it lacks: predictions in flight.

Names, labels and buckets: tensorflow_serving/servables/tensorflow/util.cc and model_servers. A server has
a registry of its own, so that two in one process do not mix.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import Metric

BUCKETS_MICROSECONDS = tuple(10 * 1.8**n for n in range(33))  # ten microseconds to half an hour

# The two interfaces spell the same label differently (prediction_service_impl.cc, http_server.cc).
API = {"GRPC": "Predict", "REST": "predict"}

# prometheus_client would call a counter `..._total`, so it is told that the type is unknown.
REQUEST_COUNT = ":tensorflow:serving:request_count"
UNTYPED = f"# TYPE {REQUEST_COUNT} untyped".encode()
COUNTER = f"# TYPE {REQUEST_COUNT} counter".encode()


class Metrics:
    """What the metrics page shows."""

    def __init__(self, in_flight: Callable[[], int]) -> None:
        """Counts from zero; `in_flight` is asked at each look."""
        self._registry = CollectorRegistry()
        self._in_flight = in_flight
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, str]] = Counter()
        self._request_latency = self._histogram(
            ":tensorflow:serving:request_latency", "Time of a request.", ("model_name", "API", "entrypoint")
        )
        self._runtime_latency = self._histogram(
            ":tensorflow:serving:runtime_latency", "Time of the graph alone.", ("model_name", "API", "runtime")
        )
        self._registry.register(self)

    @contextlib.contextmanager
    def request(self, model: str, entrypoint: str) -> Iterator[list[str]]:
        """Counts a Predict by the status put into the list, and times it if that is OK."""
        start, status = time.perf_counter(), ["UNKNOWN"]
        try:
            yield status
        finally:
            with self._lock:
                self._requests[model, status[-1]] += 1
            if status[-1] == "OK":
                labels = self._request_latency.labels(model, API[entrypoint], entrypoint)
                labels.observe((time.perf_counter() - start) * 1e6)

    @contextlib.contextmanager
    def runtime(self, model: str) -> Iterator[None]:
        """Times a run of the graph that succeeds."""
        start = time.perf_counter()
        yield
        self._runtime_latency.labels(model, API["GRPC"], "TF1").observe((time.perf_counter() - start) * 1e6)

    def page(self) -> bytes:
        """The metrics in Prometheus' text format."""
        return generate_latest(self._registry).replace(UNTYPED, COUNTER)

    def collect(self) -> Iterator[Metric]:
        """The counter by its exact name, to which prometheus_client would append `_total`, and the gauge."""
        counter = Metric(REQUEST_COUNT, "Predictions by status.", "unknown")
        with self._lock:
            requests = dict(self._requests)
        for (model, status), count in requests.items():
            counter.add_sample(counter.name, {"model_name": model, "status": status}, count)
        yield counter
        gauge = Metric(":nst_serving:in_flight", "Predictions that run now.", "gauge")
        gauge.add_sample(gauge.name, {}, self._in_flight())
        yield gauge

    def _histogram(self, name: str, documentation: str, labels: tuple[str, ...]) -> Histogram:
        return Histogram(
            name, f"{documentation} Microseconds.", labels, buckets=BUCKETS_MICROSECONDS, registry=self._registry
        )
