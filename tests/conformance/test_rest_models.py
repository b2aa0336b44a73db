"""Status, metadata and paths over REST."""

from __future__ import annotations

import socket
from typing import NamedTuple

import pytest

from tests.conformance.calls import TIMEOUT_SECONDS, check_it_serves, words
from tests.conformance.rest import ask, error_of

GOOD_STATUS = {"error_code": "OK", "error_message": ""}


@pytest.mark.fact("http_rest_api_util.cc:129; get_model_status.proto:67; 64-bit numbers are strings in protobuf's JSON")
@pytest.mark.parametrize("path", ["/v1/models/$model", "/v1/models/$model/versions/{}", "/V1/Models/$model"])
def test_status(target, path):
    reply = ask(target, "GET", path.format(target.version))
    assert (reply.status, reply.content_type.split(";")[0]) == (200, "application/json")
    assert list(reply.document) == ["model_version_status"]
    served = {"version": str(target.version), "state": "AVAILABLE", "status": GOOD_STATUS}
    assert served in reply.document["model_version_status"]


@pytest.mark.fact("http_rest_api_util.cc:147")
@pytest.mark.parametrize("path", ["/v1/models/$model/metadata", "/v1/models/$model/versions/{}/metadata"])
def test_metadata(target, path):
    reply = ask(target, "GET", path.format(target.version))
    assert reply.status == 200
    spec = {"name": target.model, "signature_name": "", "version": str(target.version)}
    assert reply.document["model_spec"] == spec
    signatures = reply.document["metadata"]["signature_def"]["signature_def"]
    assert set(signatures) == set(target.signatures)
    assert list(reply.document["metadata"]["signature_def"]) == ["signature_def"]  # without protobuf's "@type"
    content = signatures["serving_default"]["inputs"]["content"]
    assert content["dtype"] == "DT_UINT8"
    assert [dim["size"] for dim in content["tensor_shape"]["dim"]] == ["-1", "-1", "3"]
    assert content["tensor_shape"]["unknown_rank"] is False  # fields without presence are always printed
    assert signatures["serving_default"]["defaults"]["tv_weight"]["dtype"] == "DT_FLOAT"


class Refused(NamedTuple):
    """A path that is refused."""

    method: str
    path: str
    status: int
    text: str
    fact: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def malformed(method: str, path: str) -> Refused:
    return Refused(method, path, 400, f"Malformed request: {method} {path}", "http_rest_api_handler.cc:75")


REFUSED = [
    Refused(
        "GET", "/v1/models/no-such", 404, "Could not find any versions of model no-such", "get_model_status_impl.cc:100"
    ),
    Refused(
        "GET",
        "/v1/models/$model/versions/7777777",
        404,
        "Could not find version 7777777 of model $model",
        "get_model_status_impl.cc:89",
    ),
    Refused(
        "GET",
        "/v1/models/no-such/metadata",
        404,
        "Servable not found for request: Latest(no-such)",
        "basic_manager.cc:139",
    ),
    Refused(
        "GET",
        "/v1/models/$model/versions/7777777/metadata",
        404,
        "Servable not found for request: Specific($model, 7777777)",
        "manager.h:152",
    ),
    Refused(
        "GET",
        "/v1/models/$model/labels/no-such/metadata",
        400,
        "Unrecognized servable version label: no-such",
        "server_core.cc:891",
    ),
    Refused(
        "GET",
        "/v1/models/$model?x=1",
        404,
        "Could not find any versions of model $model?x=1",
        "seen on 2.20.0; evhttp_request.cc: the query belongs to the path",
    ),
    Refused("GET", "/v1/models", 400, "Missing model name in request.", "http_rest_api_handler.cc:188"),
    malformed("GET", "/v1/models/$model:predict"),
    malformed("GET", "/v1/models/$model/versions/latest"),
    malformed("GET", "/v1/models/$model/versions/1/labels/x"),
    malformed("GET", "/v1/models/$model/"),
    malformed("GET", "/v1/"),
    malformed("GET", "/v1/other"),
    malformed("POST", "/v1/models/$model"),
    malformed("POST", "/v1/models/$model:explain"),
    malformed("POST", "/v1/models/$model/metadata"),
    malformed("POST", "/v1/models/$model/versions/latest:predict"),
]


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_what_is_not_there_is_refused_in_json(target, case):
    reply = ask(target, case.method, case.path, "{}" if case.method == "POST" else None)
    assert (reply.status, error_of(reply)) == (case.status, words(target, case.text)), case.fact
    assert reply.content_type.split(";")[0] == "application/json"


@pytest.mark.fact("http_rest_api_util.cc:119, http_rest_api_handler.cc:81: returns before the error is written")
def test_a_version_past_64_bits_is_refused(target):
    """The stock server's answer has no body; one that gives the error that it meant is better. Both pass."""
    reply = ask(target, "GET", "/v1/models/$model/versions/99999999999999999999")
    assert reply.status == 400
    assert not reply.text or error_of(reply) == "Failed to convert version: 99999999999999999999 to numeric."


@pytest.mark.fact("http_server.cc:148, evhttp_server.cc:176")
@pytest.mark.parametrize("path", ["/", "/v2/models/$model", "/index.html", "/v1"])
def test_other_paths_are_not_found(target, path):
    assert ask(target, "GET", path).status == 404


@pytest.mark.fact("classifier.cc:186, regressor.cc:180; the embedded server does not have them: both pass")
@pytest.mark.parametrize("method", ["classify", "regress"])
def test_classification_and_regression_are_refused(target, method):
    body = '{"examples": [{"x": 1}]}'
    reply = ask(target, "POST", f"/v1/models/$model:{method}", body)
    malformed_or_missing = ("Malformed request: ", "Expected one input Tensor.")
    assert reply.status in (400, 501)
    assert error_of(reply).startswith(malformed_or_missing) or reply.status == 501


@pytest.mark.fact("libevent: one client's half a request holds up nobody else's")
def test_clients_that_never_finish_sending_hold_up_nobody(stubs, target):
    host, _, port = target.rest.rpartition(":")
    slow = [socket.create_connection((host.strip("[]"), int(port)), TIMEOUT_SECONDS) for _ in range(64)]
    for number, connection in enumerate(slow):
        head = b"POST /v1/models/x:predict HTTP/1.1\r\nHost: x\r\n"
        connection.sendall(head + b"Content-Length: 100\r\n\r\n{" if number % 2 else head[: number + 1])
    assert ask(target, "GET", "/v1/models/$model").status == 200
    check_it_serves(stubs, target)
    for connection in slow:
        connection.close()
