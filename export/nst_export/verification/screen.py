"""Answers as a person reads them: a line each, and after a no the reason and what to do."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from nst_export.verification.report import Answer, Verification

MARKS = {"yes": ("yes", "green"), "no": ("NO", "bold red"), "does not apply": ("-", "dim")}
INDENT = " " * 5


class Screen:
    """Writes text of at most so many letters a line, with colours for terminals."""

    def __init__(self, *, width: int, colour: bool) -> None:
        """Writes nothing yet."""
        self._console = Console(
            width=width,
            force_terminal=colour,
            color_system="standard" if colour else None,
            highlight=False,
            soft_wrap=True,
        )
        self._width = width

    def heading(self, folder: Path, model: str, version: int | None, *, newest: bool) -> str:
        """What is asked about; `newest` says that it was chosen among the versions of a model."""
        number = "" if version is None else f" version {version}{', the newest one' if newest else ''}"
        return self._rendered([Text(f"{model}{number}: {folder}", style="bold")])

    def answer(self, answer: Answer) -> str:
        """The line, or lines, of an answer."""
        word, style = MARKS[answer.verdict]
        said = answer.reason if answer.verdict == "yes" else f"does not apply: {answer.reason}"
        first = f"{answer.question}{'' if answer.verdict == 'no' else f'  {said}'}"
        lines = [Text(f"{word:<{len(INDENT)}}", style=style) + Text(line) for line in self._wrapped(first)[:1]]
        lines += [Text(f"{INDENT}{line}") for line in self._wrapped(first)[1:]]
        if answer.verdict == "no":
            lines += [
                Text(f"{INDENT}{line}", style="red") for line in self._wrapped(f"{answer.name}: {answer.reason}.")
            ]
            lines += [Text(f"{INDENT}{line}") for line in self._wrapped(answer.remedy)]
        return self._rendered(lines)

    def summary(self, verification: Verification) -> str:
        """How many of each, and the names of those answered with no."""
        verdicts = [answer.verdict for answer in verification.answers]
        parts = [f"{verdicts.count('yes')} yes"]
        failed = [answer.name for answer in verification.answers if answer.verdict == "no"]
        parts += [f"{len(failed)} no ({', '.join(failed)})"] if failed else []
        parts += [f"{verdicts.count('does not apply')} not asked"] if "does not apply" in verdicts else []
        seconds = sum(answer.seconds for answer in verification.answers)
        word, style = ("passed", "bold green") if verification.passed else ("FAILED", "bold red")
        return self._rendered([Text(word, style=style) + Text(f": {', '.join(parts)}, in {seconds:.0f} s")])

    def _wrapped(self, text: str) -> list[str]:
        return textwrap.wrap(text, max(self._width - len(INDENT), 20), break_on_hyphens=False) or [""]

    def _rendered(self, lines: Sequence[Text]) -> str:
        with self._console.capture() as capture:
            for line in lines:
                self._console.print(line)
        return capture.get().rstrip("\n")
