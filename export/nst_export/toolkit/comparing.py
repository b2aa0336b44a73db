"""`nst diff`: what differs between two reports of `nst inspect`; nothing is read here a second time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nst_export.saved_model.model_card import json_value
from nst_export.toolkit.contract_changes import contract_changes
from nst_export.toolkit.difference import (
    Behaviour,
    CardChange,
    Difference,
    FileChange,
    OpChange,
    VariableChange,
)
from nst_export.toolkit.report import Report, Variable

ABSENT = object()
OWN_FILES = "created"  # of the card: differs between any two exports, and says nothing of what they do


def compared(a: Report, b: Report, behaviour: Behaviour | None) -> Difference:
    """Everything that differs.

    Args:
        a: what clients call now.
        b: what they are to call.
        behaviour: both with the same inputs; None if they were not run.
    """
    contract = contract_changes(a, b)
    fails = behaviour is not None and any(one.b_problem and not one.a_problem for one in behaviour.calls)
    on_disk = a.functions is not None and b.functions is not None
    needs = [one for one in b.requirements if one not in a.requirements]
    return Difference(
        a=a.source,
        b=b.source,
        compatible=not fails and not b.problems and not any(one.breaks for one in contract),
        contract=contract,
        requirements=[f"{one.server} {one.flag}".strip() + f": {one.reason}" for one in needs],
        card=card_changes(a.card, b.card),
        variables=list(_variables(a, b)) if on_disk else None,
        ops=list(_ops(a, b)) if on_disk else None,
        files=list(_files(a, b)) if on_disk else None,
        behaviour=behaviour,
        problems=[f"{report.source}: {problem}" for report in (a, b) for problem in report.problems],
    )


def card_changes(a: Mapping[str, Any] | None, b: Mapping[str, Any] | None) -> list[CardChange]:
    """Every leaf that differs; a missing card is one without leaves."""
    old, new = (dict(_leaves("", json_value(card or {}))) for card in (a, b))
    return [
        CardChange(path, old.get(path), new.get(path))
        for path in sorted(old.keys() | new.keys())
        if old.get(path, ABSENT) != new.get(path, ABSENT) and path != OWN_FILES
    ]


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Rows of a table are known by their names; a list of numbers or words is a leaf."""
    if isinstance(value, list) and value and all(isinstance(row, dict) and "name" in row for row in value):
        value = {str(row["name"]): {key: one for key, one in row.items() if key != "name"} for row in value}
    if isinstance(value, dict) and value:
        for key, one in value.items():
            yield from _leaves(f"{path}.{key}" if path else str(key), one)
    elif path:
        yield path, value


def _variables(a: Report, b: Report) -> Iterator[VariableChange]:
    old, new = ({one.key: one for one in each.variables} for each in (a, b))
    for key in dict.fromkeys((*old, *new)):
        if key not in new:
            yield VariableChange(old[key].name, "removed")
        elif key not in old:
            yield VariableChange(new[key].name, "added")
        else:
            change = _change(old[key], new[key])
            if change:
                yield VariableChange(new[key].name, change)


def _change(a: Variable, b: Variable) -> str:
    if a.dtype != b.dtype:
        return "type"
    if a.shape != b.shape:
        return "shape"
    return "" if a.checksum == b.checksum else "values"


def _ops(a: Report, b: Report) -> Iterator[OpChange]:
    old, new = ({one.op: (one.total, one.in_loops) for one in each.ops} for each in (a, b))
    for op in sorted(old.keys() | new.keys()):
        (total_a, loops_a), (total_b, loops_b) = old.get(op, (0, 0)), new.get(op, (0, 0))
        if (total_a, loops_a) != (total_b, loops_b):
            yield OpChange(op, total_a, total_b, loops_a, loops_b)


def _files(a: Report, b: Report) -> Iterator[FileChange]:
    old, new = ({one.path: one for one in each.files} for each in (a, b))
    for path in sorted(old.keys() | new.keys()):
        one, other = old.get(path), new.get(path)
        if one is None or other is None or (one.bytes, one.sha256) != (other.bytes, other.sha256):
            yield FileChange(path, one and one.bytes, other and other.bytes)
