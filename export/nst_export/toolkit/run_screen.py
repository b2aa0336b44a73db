"""What `nst run` got, as a person reads it."""

from __future__ import annotations

from nst_export.toolkit.run_report import RunReport
from nst_export.toolkit.tables import sections_as_text, table
from nst_export.toolkit.words import tensor_in_words, value_in_words


def screen(report: RunReport, *, width: int, colour: bool) -> str:
    """The text, at most `width` letters wide; `colour` is for terminals."""
    written = any(one.file for one in report.outputs)
    rows = [
        [one.name, tensor_in_words(one), "" if one.value is None else value_in_words(one.value)]
        + ([one.file or ""] if written else [])
        for one in report.outputs
    ]
    titles = ["output", "type", "value", *(["file"] if written else [])]
    title = f"{report.signature} of {report.source}, {report.seconds:.2f} s"
    return sections_as_text([(title, table(titles, rows))], width=width, colour=colour)
