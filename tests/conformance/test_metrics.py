"""The metrics page, under the stock server's names.

The stock server has it only with --monitoring_config_file and prometheus_config { enable: true } in that file.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

import numpy as np
import pytest

from tests.conformance.calls import TIMEOUT_SECONDS, check_it_serves, predict_request
from tests.conformance.rest import all_inputs, ask, predict

Series = tuple[str, frozenset[tuple[str, str]]]
LABEL = re.compile(r'(\w+)="([^"]*)"')


def page(target) -> str:
    reply = ask(target, "GET", "/monitoring/prometheus/metrics")
    assert reply.status == 200, "no metrics: the stock server needs --monitoring_config_file"
    assert reply.content_type.startswith("text/plain")
    return reply.text


def series(name: str, **labels: str) -> Series:
    return f":tensorflow:serving:{name}", frozenset(labels.items())


def numbers(target) -> Mapping[Series, float]:
    """Every number on the page by its name and labels."""
    found = {}
    for line in page(target).splitlines():
        if line and not line.startswith("#"):
            key, number = line.rsplit(" ", 1)
            name, _, labels = key.partition("{")
            found[name, frozenset(LABEL.findall(labels))] = float(number)
    return found


@pytest.mark.fact("util.cc:67, prediction_service_impl.cc:59: every Predict, by the name of its code")
@pytest.mark.parametrize(("signature", "status"), [("serving_default", "OK"), ("paint", "FAILED_PRECONDITION")])
def test_predictions_are_counted_by_outcome(stubs, target, signature, status):
    counter = series("request_count", model_name=target.model, status=status)
    before = numbers(target).get(counter, 0)
    request = predict_request(target, spec={"signature_name": signature})
    assert stubs.prediction.Predict.future(request, timeout=TIMEOUT_SECONDS).code().name == status
    assert numbers(target)[counter] >= before + 1


LATENCIES = {
    "over gRPC": ("request_latency", {"API": "Predict", "entrypoint": "GRPC"}),
    "over REST": ("request_latency", {"API": "predict", "entrypoint": "REST"}),
    "in the runtime": ("runtime_latency", {"API": "Predict", "runtime": "TF1"}),
}


@pytest.mark.fact("util.cc:72 and 82; http_server.cc:193, prediction_service_impl.cc:53, predict_util.cc:111")
@pytest.mark.parametrize("latency", LATENCIES.values(), ids=LATENCIES)
def test_successes_are_timed(stubs, target, latency):
    check_it_serves(stubs, target)
    assert predict(target, {"inputs": all_inputs(target, "")}).status == 200
    name, labels = latency
    labels = labels | {"model_name": target.model}
    found = numbers(target)
    assert found[series(f"{name}_count", **labels)] > 0
    assert found[series(f"{name}_sum", **labels)] > 100  # microseconds


@pytest.mark.fact("util.cc:89: microseconds, 10 x 1.8^n; prometheus_exporter.cc:86: counts add up, the last is +Inf")
def test_times_are_sorted_into_the_servers_buckets(stubs, target):
    check_it_serves(stubs, target)
    labels = {"model_name": target.model, "API": "Predict", "entrypoint": "GRPC"}
    found = numbers(target)
    name, wanted = series("request_latency_bucket", **labels)
    buckets = {float(dict(own)["le"]): count for (other, own), count in found.items() if other == name and wanted < own}
    limits = sorted(buckets)
    np.testing.assert_allclose(limits[:-1], [10 * 1.8**n for n in range(33)], rtol=1e-4)
    assert limits[-1] == math.inf
    counts = [buckets[limit] for limit in limits]
    assert counts == sorted(counts)
    assert counts[-1] == found[series("request_latency_count", **labels)]


@pytest.mark.fact("prometheus_exporter.cc:76 and 128")
@pytest.mark.parametrize(
    ("name", "kind"),
    [("request_count", "counter"), ("request_latency", "histogram"), ("runtime_latency", "histogram")],
)
def test_metrics_tell_their_types(stubs, target, name, kind):
    check_it_serves(stubs, target)
    assert f"# TYPE :tensorflow:serving:{name} {kind}" in page(target).splitlines()
