"""Every failure of gRPC becomes an error of ours, with one sentence on what happened and one on what to do."""

from __future__ import annotations

import grpc
import pytest

from nst_client import errors
from nst_client.calls.transport import STATUS, explained

CODES = [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK]


def test_every_status_code_but_ok_has_a_meaning():
    assert set(STATUS) == set(CODES)


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.name)
def test_every_code_is_explained_in_one_sentence_and_one_remedy(code: grpc.StatusCode):
    error = explained(code, "the details", "somewhere:8500", 2.5)
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
        ("FAILED_PRECONDITION", errors.SignatureNotFound, "The server at here:1 answered FAILED_PRECONDITION: details"),
        ("RESOURCE_EXHAUSTED", errors.ServerBusy, "The server at here:1 answered RESOURCE_EXHAUSTED: details"),
        ("INTERNAL", errors.ServerFailed, "The server at here:1 answered INTERNAL: details"),
    ],
)
def test_the_message_names_the_server_and_what_it_said(code: str, kind: type, message: str):
    error = explained(grpc.StatusCode[code], "details", "here:1", 2.5)
    assert (type(error), str(error)) == (kind, message)


def test_a_failure_without_details_says_so():
    assert str(explained(grpc.StatusCode.INTERNAL, "", "here:1", 1)).endswith("INTERNAL: no text")
