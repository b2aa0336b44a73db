"""Every failure of gRPC becomes an error of ours, with one sentence on what happened and one on what to do."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import numpy as np
import pytest
import tensorflow as tf

from nst_client import StyleClient, errors
from nst_client.calls.failures import FAULTS, STATUS, WORDS, Call, explained
from nst_client.calls.servers import Servers, server_at
from tests.client.calls.run_calls import Code, Failed
from tests.client.proxy import NOWHERE

CODES = [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK]
HERE = Call("here:1", 2.5)
FAILED_TO_CONNECT = "failed to connect to all addresses; last error: UNKNOWN: ipv4:10.0.0.1:8500:"


def test_every_status_code_except_ok_has_a_meaning():
    assert set(STATUS) == set(CODES)


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.name)
def test_every_code_is_explained_in_one_sentence_and_one_remedy(code: grpc.StatusCode):
    error = explained(code, "the details", Call("somewhere:8500", 2.5))
    assert type(error) is STATUS[code][0]
    assert isinstance(error, errors.NstError)
    assert "somewhere:8500" in str(error) or "the details" in str(error)
    assert "\n" not in str(error) + error.remedy
    assert error.remedy.endswith(".")


@pytest.mark.parametrize(
    ("code", "kind", "message"),
    [
        ("UNAVAILABLE", errors.ServerUnavailable, "Nothing answers at here:1 (details)."),
        ("DEADLINE_EXCEEDED", errors.DeadlineExceeded, "The server at here:1 did not answer within 2.5 s."),
        ("INVALID_ARGUMENT", errors.RequestRefused, "The server refused the request: details"),
        ("NOT_FOUND", errors.ModelNotFound, "The server at here:1 has no such model or version: details"),
        ("FAILED_PRECONDITION", errors.ServerFailed, "The server at here:1 answered FAILED_PRECONDITION: details"),
        ("RESOURCE_EXHAUSTED", errors.ServerBusy, "The server at here:1 answered RESOURCE_EXHAUSTED: details"),
        ("INTERNAL", errors.ServerFailed, "The server at here:1 answered INTERNAL: details"),
    ],
)
def test_the_message_names_the_server_and_what_it_said(code: str, kind: type, message: str):
    error = explained(grpc.StatusCode[code], "details", HERE)
    assert (type(error), str(error)) == (kind, message)


def test_a_failure_without_details_says_so():
    assert str(explained(grpc.StatusCode.INTERNAL, "", HERE)).endswith("INTERNAL: no text")


SEEN_WORDS = [  # on TensorFlow Serving 2.20.0, or in its source
    ("FAILED_PRECONDITION", 'Serving signature key "stylize_start" not found.', errors.SignatureNotFound, "nst export"),
    (
        "FAILED_PRECONDITION",
        "Could not find variable kernel. This could mean that the variable has been deleted.\n\t [[{{node x}}]]",
        errors.IncompleteVersion,
        "Publish it again under a new number, by rename",
    ),
    (
        "FAILED_PRECONDITION",
        "Error while reading resource variable kernel from Container: localhost. This could mean",
        errors.IncompleteVersion,
        "under a new number",
    ),
    ("FAILED_PRECONDITION", "Table not initialized.", errors.ServerFailed, "server's log"),
    ("NOT_FOUND", "Servable not found for request: Latest(nst)", errors.ModelNotFound, "--model-name"),
    ("NOT_FOUND", "Servable not found for request: Specific(nst, 9)", errors.ModelNotFound, "Leave out --version"),
    ("INVALID_ARGUMENT", "Unrecognized servable version label: beta", errors.ModelNotFound, "Leave out --label"),
    ("NOT_FOUND", "Could not find version 9 of model nst", errors.ModelNotFound, "Leave out --version"),
    ("NOT_FOUND", "Could not find any versions of model nst", errors.ModelNotFound, "--model-name"),
    ("INVALID_ARGUMENT", "ModelSpec has no name specified.", errors.ModelNotFound, "--model-name"),
    (
        "INVALID_ARGUMENT",
        "input size does not match signature: 2!=3 len({content,style}) != len({content,iterations,style}).",
        errors.SignatureNotFound,
        "TensorFlow Serving 2.14 or newer",
    ),
    (
        "INVALID_ARGUMENT",
        "Inputs contains invalid name. Used request inputs: content, request input: bogus,content",
        errors.SignatureNotFound,
        "Export the model again",
    ),
    (
        "INVALID_ARGUMENT",
        "Expects arg[0] to be float but uint8 is provided",
        errors.SignatureNotFound,
        "Export the model again",
    ),
    (
        "INVALID_ARGUMENT",
        "Batching Run() input tensors must have at least one dimension",
        errors.ServerFailed,
        "without --enable_batching",
    ),
    ("RESOURCE_EXHAUSTED", "Server Threadpool Exhausted", errors.ServerBusy, "Try again later"),
    ("RESOURCE_EXHAUSTED", "", errors.ServerBusy, "Try again later"),
    (
        "RESOURCE_EXHAUSTED",
        "OOM when allocating tensor with shape[1,64,9000,9000] and type float on /job:localhost by allocator GPU_0_bfc",
        errors.OutOfMemory,
        "smaller size",
    ),
    ("INTERNAL", "CUDNN_STATUS_ALLOC_FAILED in cudnnCreate", errors.OutOfMemory, "smaller size"),
    ("UNKNOWN", "Unable to allocate 4.47 GiB for an array", errors.OutOfMemory, "smaller size"),
    (
        "RESOURCE_EXHAUSTED",
        "SERVER: Received message larger than max (9000000 vs. 4194304)",
        errors.RequestRefused,
        "have that limit raised",
    ),
]


@pytest.mark.parametrize(("code", "details", "kind", "remedy"), SEEN_WORDS, ids=lambda value: str(value)[:30])
def test_the_words_of_a_server_decide_what_to_do(code: str, details: str, kind: type, remedy: str):
    error = explained(grpc.StatusCode[code], details, HERE)
    assert (type(error), remedy in error.remedy) == (kind, True)
    assert details.split("\n", maxsplit=1)[0] in str(error)


def test_every_row_of_words_has_a_text_that_was_seen():
    for row in WORDS:
        assert any(grpc.StatusCode[code] in row.codes and re.search(row.pattern, text) for code, text, *_ in SEEN_WORDS)


def test_an_incomplete_version_is_named_as_that():
    error = explained(grpc.StatusCode.FAILED_PRECONDITION, "Could not find variable kernel.", HERE)
    whole = "The server at here:1 has loaded an incomplete version of the model: Could not find variable kernel."
    assert str(error) == whole
    assert isinstance(error, errors.ModelNotFound)  # so that another server is tried, and a run waits for a whole one


def test_a_status_call_that_is_late_is_not_told_to_compute_less():
    late = grpc.StatusCode.DEADLINE_EXCEEDED
    assert explained(late, "", HERE).remedy.startswith("Ask for fewer iterations")
    assert explained(late, "", HERE._replace(computes=False)).remedy == "Look whether it hangs, or name another server."


SEEN_FAULTS = [  # with gRPC 1.85
    (f"{FAILED_TO_CONNECT} Connection refused", False, "Nothing answers at here:1", "nst serve"),
    (
        f"{FAILED_TO_CONNECT} Failed parsing HTTP/2 (Expected SETTINGS frame as the first frame, got frame type 79)",
        False,
        "does not speak gRPC",
        "Name the gRPC port",
    ),
    (f"{FAILED_TO_CONNECT} (Trying to connect an http1.x server (HTTP status 404))", False, "no", "Name the gRPC port"),
    (f"{FAILED_TO_CONNECT} Tls handshake failed: WRONG_VERSION_NUMBER", True, "does not speak TLS", "Leave out --tls"),
    (f"{FAILED_TO_CONNECT} CERTIFICATE_VERIFY_FAILED: certificate has expired", True, "has expired", "renew it"),
    (f"{FAILED_TO_CONNECT} CERTIFICATE_VERIFY_FAILED: self signed", True, "not trusted here", "--ca FILE"),
    (f"{FAILED_TO_CONNECT} Hostname Verification Check failed.", True, "for another name", "as its certificate does"),
    (f"{FAILED_TO_CONNECT} Failed to create security handshaker.", True, "cannot be used", "--ca, --cert and --key"),
    (f"{FAILED_TO_CONNECT} Tls handshake failed (TSI_PROTOCOL_FAILURE)", True, "no TLS", "Check --ca, --cert"),
    (f"{FAILED_TO_CONNECT} Socket closed", False, "closes the connection at once", "Pass --tls"),
    (f"{FAILED_TO_CONNECT} Socket closed", True, "closes the TLS connection at once", "Pass --cert and --key"),
    ("Stream removed (Socket closed)", False, "in the middle of the call", "into its log"),
    ("Stream removed (sendmsg: Broken pipe (32))", False, "in the middle of the call", "into its log"),
    ("errors resolving here:1: [field:hostname lookup error:x: Domain name not found]", False, "not known", "name"),
    (f"{FAILED_TO_CONNECT} getsockopt(SO_ERROR): No route to host", False, "cannot be reached", "firewalls"),
]


@pytest.mark.parametrize(("details", "tls", "what", "remedy"), SEEN_FAULTS, ids=lambda value: str(value)[-30:])
def test_the_reasons_for_no_connection_are_told_apart(details: str, tls: bool, what: str, remedy: str):
    error = explained(grpc.StatusCode.UNAVAILABLE, details, HERE._replace(tls=tls))
    assert isinstance(error, errors.ServerUnavailable)
    assert what in str(error)
    assert "here:1" in str(error)
    assert remedy in error.remedy


def test_waiting_is_useless_where_a_setting_is_wrong_and_nowhere_else():
    unavailable = grpc.StatusCode.UNAVAILABLE
    errors_seen = [
        (explained(unavailable, text, HERE._replace(tls=tls)), remedy) for text, tls, _, remedy in SEEN_FAULTS
    ]
    useless = {remedy for error, remedy in errors_seen if isinstance(error, errors.WrongConnection)}
    of_certificates = {"renew it", "--ca FILE", "as its certificate does", "--ca, --cert and --key"}
    assert useless == {"Name the gRPC port", "Leave out --tls", *of_certificates}


def test_every_fault_has_a_text_that_was_seen():
    for fault in FAULTS:
        assert any(re.search(fault.pattern, details) for details, *_ in SEEN_FAULTS)


def test_a_variable_that_was_not_loaded_is_found_out_by_tensorflows_own_words():
    """What a session says that runs the graph of a saved_model.pb whose variables were not there."""
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        kernel = tf.raw_ops.VarHandleOp(dtype=tf.float32, shape=[], shared_name="kernel")
        value = tf.raw_ops.ReadVariableOp(resource=kernel, dtype=tf.float32)
        with pytest.raises(tf.errors.OpError) as caught:
            session.run(value)
    code = next(code for code in CODES if code.value[0] == caught.value.error_code)
    assert type(explained(code, caught.value.message, HERE)) is errors.IncompleteVersion


def status_error(address: str) -> errors.NstError:
    with StyleClient(address) as client, pytest.raises(errors.NstError) as caught:
        client.status()
    return caught.value


def test_the_rest_port_of_a_server_is_told_from_a_server_that_is_not_there(server):
    error = status_error(server.rest_address)
    assert str(error).startswith(f"What listens at {server.rest_address} does not speak gRPC (")
    assert error.remedy == "Name the gRPC port: of TensorFlow Serving 8500, where 8501 is REST's."
    assert "nst serve" in status_error(NOWHERE).remedy


def test_waiting_for_a_version_ends_at_once_where_no_waiting_helps(server):
    begin = time.monotonic()
    with StyleClient(server.rest_address) as client, pytest.raises(errors.WrongConnection):
        client.wait_until_available(120)
    assert time.monotonic() - begin < 60


def test_a_server_that_may_come_up_is_waited_for_though_another_address_is_wrong(server):
    with StyleClient([server.rest_address, NOWHERE]) as client, pytest.raises(errors.ServerUnavailable) as caught:
        client.status()
    assert type(caught.value) is errors.ServerUnavailable
    assert NOWHERE in str(caught.value)


@pytest.fixture
def greeter() -> Iterator[str]:
    """A server that speaks first, in a protocol of its own, as SSH and mail servers do."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def greet() -> None:
            with listening.accept()[0] as connection:
                connection.sendall(b"220 mail.example.org ESMTP\r\n")

        thread = threading.Thread(target=greet)
        thread.start()
        yield f"127.0.0.1:{listening.getsockname()[1]}"
        thread.join()


def test_a_server_of_another_protocol_is_no_grpc_port(greeter):
    assert "does not speak gRPC" in str(status_error(greeter))


def test_a_grpc_server_without_the_service_is_a_wrong_port():
    other = grpc.server(ThreadPoolExecutor(1))
    port = other.add_insecure_port("127.0.0.1:0")
    other.start()
    error = status_error(f"127.0.0.1:{port}")
    other.stop(None).wait()
    assert isinstance(error, errors.ServerFailed)
    assert "gRPC port" in error.remedy


def test_a_client_that_is_closed_in_the_middle_of_a_call_says_so_and_tries_no_other_server(between, server, content):
    with StyleClient(servers=Servers([between.server(), server_at(server.address)])) as client:

        def close(iterations: int, timeout: float) -> None:
            client.close()
            raise Failed(Code.CANCELLED, "Stream removed (Channel closed!)")

        between.rule = close
        with pytest.raises(errors.RequestRefused, match="client: it is closed"):
            client.stylize(content, np.ascontiguousarray(content), iterations=1)
