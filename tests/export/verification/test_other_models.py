"""Models of other makers are asked what makes sense for them, and so are servers that have one."""

from __future__ import annotations

from pathlib import Path

import pytest

from nst_client.commands.connection import Connection, calls_of
from nst_export.verification.asking import answers, chosen
from nst_export.verification.report import Answer
from nst_export.verification.subject import ServedCopy, Subject
from nst_serving.options import ServerOptions, single_model
from nst_serving.server import EmbeddedServer
from tests.export.toolkit.makers import MAKERS
from tests.export.verification.planting import flip_a_bit, graph_of

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")

# Of all these one cannot know what they should do.
ABOUT_OURS = {"card", "contract", "weights", "coverage", "loss", "presets", "limits", "bad_input", "deadline"}
NOT_TO_BE_CALLED = {"no_signatures", "sharded_variables", "partly_broken"}


def asked(folder: Path, *only: str, served: ServedCopy | None = None) -> dict[str, Answer]:
    questions = chosen(only, server=served is not None)
    return {answer.name: answer for answer in answers(Subject(folder, served=served), questions)}


@pytest.mark.parametrize("maker", MAKERS)
def test_what_makes_sense_is_asked_and_the_rest_does_not_apply(maker, tmp_path):
    MAKERS[maker](tmp_path / "1")
    found = asked(tmp_path / "1")
    assert [name for name, answer in found.items() if answer.verdict == "no"] == ["graph"] * (maker in NOT_TO_BE_CALLED)
    assert {found[name].verdict for name in ABOUT_OURS} == {"does not apply"}
    if maker not in NOT_TO_BE_CALLED:
        assert {found[name].verdict for name in ("files", "session", "eager", "signatures", "runtimes")} == {"yes"}


def test_a_flipped_bit_in_a_variable_of_others_is_found(tmp_path):
    MAKERS["keras_functional"](tmp_path / "1")
    (data,) = (tmp_path / "1" / "variables").glob("*.data-*")
    flip_a_bit(data, 100)
    found = asked(tmp_path / "1", "files", "variables")
    assert (found["files"].verdict, found["variables"].verdict) == ("yes", "no")


@pytest.fixture(scope="module")
def served_model(tmp_path_factory):
    """A model of others, and a server that has it."""
    folder = tmp_path_factory.mktemp("served") / "other"
    MAKERS["many_signatures"](folder / "1")
    server = EmbeddedServer(single_model("other", folder), ServerOptions(port=0))
    yield folder / "1", server.address
    server.stop()


def compared(folder: Path, address: str) -> list[str]:
    """The verdicts on the served copy."""
    with calls_of(Connection(), address) as call:
        served = ServedCopy(call, address, "other", None)
        return [asked(folder, name, served=served)[name].verdict for name in ("served", "served_answers")]


def test_a_server_with_the_same_version_gives_the_same_answers(served_model):
    assert compared(*served_model) == ["yes", "yes"]


def test_a_server_with_another_version_is_found_out(served_model, tmp_path):
    MAKERS["many_signatures"](tmp_path / "1")
    with graph_of(tmp_path / "1") as graph:
        graph.signature_def["scaled"].defaults["words"].string_val[:] = [b"c", b"d"]
    assert compared(tmp_path / "1", served_model[1]) == ["no", "no"]


def test_a_server_that_does_not_answer_is_named(served_model):
    folder, _ = served_model
    with calls_of(Connection(), "localhost:1") as call:
        answer = asked(folder, "served", served=ServedCopy(call, "localhost:1", "other", None))["served"]
    assert answer.verdict == "no"
    assert answer.reason.startswith("Nothing answers at localhost:1")
    assert "nst serve" in answer.remedy
