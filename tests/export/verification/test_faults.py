"""Each fault is found by its question, named, and by no other that needs no run of the model."""

from __future__ import annotations

from pathlib import Path

import pytest

from nst_export.verification.asking import answers, chosen
from nst_export.verification.questions import QUESTIONS
from nst_export.verification.subject import Subject
from tests.export.verification import file_faults, graph_faults  # noqa: F401  (they fill the table)
from tests.export.verification.fault import FAULTS, Fault
from tests.export.verification.planting import graph_of

# Before the model is loaded, which takes seconds.
READING = [question.name for question in QUESTIONS[: [one.name for one in QUESTIONS].index("session")]]


def verdicts(folder: Path, names: list[str]) -> dict[str, str]:
    return {answer.name: answer.verdict for answer in answers(Subject(folder), chosen(names))}


def test_a_healthy_version_passes(version):
    assert verdicts(version, READING) == dict.fromkeys(READING, "yes")


@pytest.mark.parametrize("planted", FAULTS, ids=lambda one: one.name)
def test_a_fault_is_found_by_its_question_alone(version, planted: Fault):
    planted.plant(version)
    found = {answer.name: answer for answer in answers(Subject(version), chosen(READING))}
    denied = [name for name, answer in found.items() if answer.verdict == "no"]
    assert sorted(denied) == sorted(planted.found_by), {name: found[name].reason for name in denied}
    assert planted.words in found[planted.found_by[0]].reason
    assert found[planted.found_by[0]].remedy


def test_functions_that_call_themselves_for_ever_are_walked_once(version):
    with graph_of(version) as graph:
        for function in graph.graph_def.library.function:
            call = function.node_def.add(name="again", op="StatefulPartitionedCall")
            call.attr["f"].func.name = function.signature.name
    names = ["graph", "xla", "state", "gpu"]
    assert verdicts(version, names) == dict.fromkeys(names, "yes")
