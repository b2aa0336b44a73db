"""`nst verify`: from a path to everything that was found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from nst_export.errors import SavedModelError
from nst_export.saved_model.model_folder import is_version_content, unreadable
from nst_export.saved_model.version_folder import holds_saved_model, version_number
from nst_export.toolkit.inspection import version_folder_of
from nst_export.verification.apart import Server, answers_apart
from nst_export.verification.questions import QUESTIONS
from nst_export.verification.report import Answer, Verification

SECONDS = 300.0  # for one question: ten times what the slowest takes with the whole network on two processor cores


def folder_to_verify(path: Path, version: int | None = None) -> Path:
    """A version's folder: the path itself, half a version included, or the newest of a model's folder.

    Raises:
        SavedModelError: it is neither.
    """
    try:
        if version is None and is_version_content(path) and not holds_saved_model(path):
            return path
    except OSError as error:
        raise SavedModelError(*unreadable(path, error)) from error
    return version_folder_of(path, version)


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
