"""`nst verify`: from a path to everything that was found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from nst_export.errors import SavedModelError
from nst_export.saved_model.version_folder import version_number
from nst_export.verification.apart import Server, answers_apart
from nst_export.verification.questions import QUESTIONS
from nst_export.verification.report import Answer, Verification

SECONDS = 300.0  # for one question: ten times what the slowest takes with the whole network on two processor cores


def checked_names(names: Sequence[str]) -> list[str]:
    """Those of questions.

    Raises:
        SavedModelError: there is no such question.
    """
    known = [question.name for question in QUESTIONS]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SavedModelError(f"There is no question {unknown[0]}.", f"Questions: {', '.join(known)}.")
    return list(names)


def verified(
    folder: Path,
    *,
    only: Sequence[str] = (),
    seconds: float = SECONDS,
    server: Server | None = None,
    show: Callable[[Answer], None] = lambda _: None,
) -> Verification:
    """Asks, and calls `show` with each answer as soon as it is known."""
    found = []
    for answer in answers_apart(folder, only, seconds=seconds, server=server):
        show(answer)
        found.append(answer)
    model, version = name_of(folder)
    passed = all(answer.verdict != "no" for answer in found)
    return Verification(str(folder), model, version, server and server.address, passed, found)


def name_of(folder: Path) -> tuple[str, int | None]:
    """The model's name and the version's number."""
    named = folder if version_number(folder.name) is not None else folder.resolve()  # such as `.`
    return named.parent.name, version_number(named.name)
