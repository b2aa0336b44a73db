"""What ends TensorFlow's process, or keeps it busy, is answered with no in bounded time."""

from __future__ import annotations

import os

from nst_export.verification.apart import Server
from nst_export.verification.verify import verified

NAMES = ["graph", "files"]


def test_the_end_of_the_process_is_a_no_and_the_later_questions_are_not_asked(tiny_model_dir):
    found = verified(tiny_model_dir / "1", only=NAMES, server=Server(os.abort, "localhost:1", "nst", None))
    assert [answer.verdict for answer in found.answers] == ["no", "does not apply"]
    assert found.answers[0].reason.startswith("TensorFlow's process ended with SIGABRT")
    assert found.answers[1].reason == "not asked after the no to graph"
    assert not found.passed


def test_a_question_that_takes_too_long_is_a_no(tiny_model_dir):
    found = verified(tiny_model_dir / "1", only=NAMES, seconds=0.001)
    assert [answer.verdict for answer in found.answers] == ["no", "does not apply"]
    assert found.answers[0].reason == "it took longer than 0.001 s"


def test_the_answers_come_one_by_one(tiny_model_dir):
    shown = []
    found = verified(tiny_model_dir / "1", only=NAMES, show=shown.append)
    assert [answer.verdict for answer in shown] == ["yes", "yes"]
    assert (shown, found.passed) == (found.answers, True)
