"""`nst inspect` of a server: what a folder tells, as far as the protocol hands it out."""

from __future__ import annotations

import pytest

from nst_client.commands.connection import Connection, calls_of
from nst_client.errors import ModelNotFound
from nst_export.errors import SavedModelError
from nst_export.saved_model.messages import get_model_metadata_pb2
from nst_export.toolkit.inspection import inspected
from nst_export.toolkit.served import served
from nst_serving.options import ServerOptions, single_model
from nst_serving.server import EmbeddedServer


@pytest.fixture(scope="module")
def call(server):
    with calls_of(Connection(), server.address) as call:
        yield call


def test_signatures_card_and_requirements_are_those_of_the_folder(call, server, tiny_model_dir):
    found, there = served(call, server.address, "nst"), inspected(tiny_model_dir / "1")
    assert (found.signatures, found.card, found.requirements) == (there.signatures, there.card, there.requirements)
    assert (found.source, found.model, found.version, found.tensorflow) == (
        server.address,
        "nst",
        1,
        there.tensorflow,
    )
    assert found.problems == []


def test_the_states_are_the_servers(call, server):
    assert [(one.version, one.state, one.error) for one in served(call, server.address, "nst").states] == [
        (1, "AVAILABLE", "")
    ]


def test_a_model_that_is_not_there_is_an_error_of_the_clients(call, server):
    with pytest.raises(ModelNotFound, match="other"):
        served(call, server.address, "other")
    with pytest.raises(ModelNotFound, match="nst, 7"):
        served(call, server.address, "nst", 7)


def test_a_model_of_others_is_shown_without_a_card(model_of):
    server = EmbeddedServer(single_model("other", model_of("many_signatures")), ServerOptions(port=0))
    try:
        with calls_of(Connection(), server.address) as call:
            found = served(call, server.address, "other")
    finally:
        server.stop()
    there = inspected(model_of("many_signatures") / "1")
    assert (found.signatures, found.card) == (there.signatures, None)


def test_an_answer_without_signatures_is_refused(call):
    def silent(service, method, request):
        if method == "GetModelMetadata":
            return get_model_metadata_pb2.GetModelMetadataResponse()
        return call(service, method, request)

    with pytest.raises(SavedModelError, match="does not say which signatures it serves"):
        served(silent, "host:8500", "nst")
