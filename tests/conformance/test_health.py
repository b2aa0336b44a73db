"""grpc.health.v1 and server reflection.

The stock server has the first only with --enable_grpc_healthcheck_service=true, the second always (2.15.1 and later).
"""

from __future__ import annotations

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from tests.conformance.calls import TIMEOUT_SECONDS, refusal

SERVING = health_pb2.HealthCheckResponse.SERVING


@pytest.fixture
def health(stubs):
    return health_pb2_grpc.HealthStub(stubs.channel)


@pytest.mark.fact("server.cc:420")
@pytest.mark.parametrize("service", ["", "PredictionService", "ModelService"])
def test_the_server_and_its_services_are_healthy(health, service):
    assert health.Check(health_pb2.HealthCheckRequest(service=service), timeout=TIMEOUT_SECONDS).status == SERVING


@pytest.mark.fact("seen on 2.20.0: full names are not registered")
@pytest.mark.parametrize("service", ["tensorflow.serving.PredictionService", "no.such.Service", "predictionservice"])
def test_the_health_of_other_names_is_not_found(health, service):
    code, _ = refusal(health.Check, health_pb2.HealthCheckRequest(service=service))
    assert code is grpc.StatusCode.NOT_FOUND


@pytest.mark.fact("grpc, default_health_check_service.cc: the state at once, and unknown names are watched too")
@pytest.mark.parametrize(
    ("service", "status"), [("", SERVING), ("no.such.Service", health_pb2.HealthCheckResponse.SERVICE_UNKNOWN)]
)
def test_watching_begins_with_the_present_state(health, service, status):
    watch = health.Watch(health_pb2.HealthCheckRequest(service=service), timeout=TIMEOUT_SECONDS)
    assert next(watch).status == status
    watch.cancel()


def reflect(stubs, **request) -> reflection_pb2.ServerReflectionResponse:
    info = reflection_pb2_grpc.ServerReflectionStub(stubs.channel).ServerReflectionInfo
    (answer,) = info(iter([reflection_pb2.ServerReflectionRequest(**request)]), timeout=TIMEOUT_SECONDS)
    return answer


@pytest.mark.fact("model_servers/BUILD, grpc++_reflection; not listed on the real server yet")
def test_reflection_lists_the_services(stubs):
    services = {service.name for service in reflect(stubs, list_services="").list_services_response.service}
    assert {"tensorflow.serving.PredictionService", "tensorflow.serving.ModelService"} <= services


@pytest.mark.fact("grpc, proto_server_reflection.cc")
@pytest.mark.parametrize("symbol", ["tensorflow.serving.PredictionService", "tensorflow.serving.PredictRequest"])
def test_reflection_describes_them(stubs, symbol):
    assert reflect(stubs, file_containing_symbol=symbol).file_descriptor_response.file_descriptor_proto


@pytest.mark.fact("grpc, proto_server_reflection.cc")
def test_reflection_does_not_know_what_is_not_there(stubs):
    answer = reflect(stubs, file_containing_symbol="no.such.Service")
    assert answer.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]
