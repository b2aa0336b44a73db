"""A difference as a person reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from nst_export.toolkit.difference import Behaviour, CallDifference, Difference
from nst_export.toolkit.tables import sections_as_text, table
from nst_export.toolkit.words import bytes_in_words

MOST_ROWS = 40  # of a table; `--json` has all
LONGEST = 40  # letters of a value
ABSENT = "-"


def screen(difference: Difference, *, width: int, colour: bool) -> str:
    """The text, at most `width` letters wide; `colour` is for terminals."""
    return sections_as_text(_sections(difference), width=width, colour=colour)


def _sections(found: Difference) -> Iterator[tuple[str, RenderableType]]:
    verdict = (
        "compatible: B can take the place of A" if found.compatible else "not compatible: clients of A would notice"
    )
    yield verdict, table(["", ""], [["A", found.a], ["B", found.b]], head=False)
    if found.problems:
        yield "Problems", Group(*(Text(problem, style="red") for problem in found.problems))
    changes = [["breaks" if one.breaks else "", one.signature, one.name, one.change] for one in found.contract]
    yield "Contract", _rows(["", "signature", "name", "change"], changes)
    if found.requirements:
        yield "B needs of a server, and A does not", Group(*map(Text, found.requirements))
    yield "Model card", _rows(["", "A", "B"], [[one.path, _short(one.a), _short(one.b)] for one in found.card])
    if found.variables is None or found.ops is None or found.files is None:
        yield "Variables, ops and files", Text("not compared: a server does not hand them out")
    else:
        yield "Variables", _rows(["variable", "change"], [[one.name, one.change] for one in found.variables])
        ops = [[one.op, *map(str, (one.a, one.b, one.a_in_loops, one.b_in_loops))] for one in found.ops]
        yield "Ops", _rows(["op", "A", "B", "in loops of A", "of B"], ops)
        yield "Files", _rows(["file", "A", "B"], [[one.path, _size(one.a), _size(one.b)] for one in found.files])
    if found.behaviour is not None:
        yield "Behaviour with the same inputs", Group(*_behaviour(found.behaviour))


def _behaviour(found: Behaviour) -> Iterator[RenderableType]:
    for call in found.calls:
        yield Text(f"{call.signature}: {', '.join(call.inputs) or 'no inputs'}", style="cyan")
        yield from _answers(call)
    if not found.calls:
        yield Text("no signature that both have")
    if found.memory_ratio is not None:
        sizes = f"{_size(found.a_bytes)} and {_size(found.b_bytes)}"
        yield Text(f"memory: B takes {found.memory_ratio:.2f} times that of A ({sizes})")


def _answers(call: CallDifference) -> Iterator[RenderableType]:
    for name, problem in (("A", call.a_problem), ("B", call.b_problem)):
        if problem:
            yield Text(f"{name} gives no answer: {problem}", style="red")
    if call.outputs:
        rows = [
            [one.name, *([one.note] if one.note else [f"{one.mean:.4g} in the mean, {one.largest:.4g} at most"])]
            for one in call.outputs
        ]
        yield table(["output", "difference"], rows)
    if call.a_loss is not None and call.b_loss is not None:
        yield Text(f"total loss in the end: {call.a_loss:.6g} and {call.b_loss:.6g}")
    if call.time_ratio is not None and call.a_seconds is not None and call.b_seconds is not None:
        times = f"{call.a_seconds:.3g} s and {call.b_seconds:.3g} s"
        yield Text(f"time: B takes {call.time_ratio:.2f} times that of A ({times})")


def _rows(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> RenderableType:
    if not rows:
        return Text("the same")
    shown: Table = table(titles, rows[:MOST_ROWS])
    more = len(rows) - MOST_ROWS
    return Group(shown, Text(f"and {more:,} more, which --json has")) if more > 0 else shown


def _short(value: Any) -> str:
    if value is None:
        return ABSENT
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _size(size: int | None) -> str:
    return ABSENT if size is None else bytes_in_words(size)
