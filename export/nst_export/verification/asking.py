"""Asks the questions, one after the other."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence

from nst_export.verification.finding import DoesNotApply, Finding, no
from nst_export.verification.questions import QUESTIONS, Question
from nst_export.verification.report import Answer
from nst_export.verification.subject import Subject

NOT_EXPLAINED = "Copy or export the model again; if that does not help, report this with `nst --debug verify ...`."


def chosen(only: Collection[str] = (), *, server: bool = False) -> Sequence[Question]:
    """Those named, or all; those of a server where there is one."""
    return [one for one in QUESTIONS if (not only or one.name in only) and (server or not one.server)]


def answers(subject: Subject, questions: Sequence[Question]) -> Iterator[Answer]:
    """Each question's, in order, as soon as it is known."""
    denied: dict[str, str] = {}  # the question with the no, by those that make no sense after it
    for question in questions:
        begin = time.perf_counter()
        blocking = next((denied[name] for name in question.after if name in denied), None)
        finding = _finding(question, subject) if blocking is None else not_asked(blocking)
        if finding.verdict == "no" or blocking is not None:
            denied[question.name] = blocking or question.name
        yield answered(question, finding, time.perf_counter() - begin)


def answered(question: Question, finding: Finding, seconds: float = 0.0) -> Answer:
    """A finding with its question."""
    return Answer(question.name, question.sentence, finding.verdict, finding.reason, finding.remedy, round(seconds, 3))


def not_asked(blocking: str) -> Finding:
    """Of a question that makes no sense after another one's no."""
    return Finding("does not apply", f"not asked after the no to {blocking}")


def _finding(question: Question, subject: Subject) -> Finding:
    try:
        return question.answer(subject)
    except DoesNotApply as reason:
        return Finding("does not apply", str(reason))
    except Exception as error:  # noqa: BLE001  (whatever a damaged or hostile model causes is an answer)
        text = str(getattr(error, "message", error)).strip() or type(error).__name__
        return no(text.splitlines()[0].rstrip("."), getattr(error, "remedy", NOT_EXPLAINED))
