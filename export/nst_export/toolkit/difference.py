"""What `nst diff` finds, as records: `--json` prints them, the screen shows them, export/REPORT.md lists them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple


class ContractChange(NamedTuple):
    """One difference that a caller may notice."""

    signature: str  # its name; empty for what holds for all of them
    name: str  # of the input, output, option or limit; empty for the signature itself
    change: str  # a sentence
    breaks: bool  # whether a client of A that works is refused by B, misses something, or gets something else


class CardChange(NamedTuple):
    """One number or word of the model card that differs."""

    path: str  # where it stands: presets.nst.iterations
    a: Any  # null where A has no such part
    b: Any  # null where B has no such part


class VariableChange(NamedTuple):
    """One variable that differs."""

    name: str  # as the graph calls it
    change: str  # added, removed, type, shape or values


class OpChange(NamedTuple):
    """An op that does not occur as often."""

    op: str  # its name, such as Conv2D
    a: int  # in A, its functions included
    b: int  # in B
    a_in_loops: int  # of these, in loops
    b_in_loops: int  # of these, in loops


class FileChange(NamedTuple):
    """A file that differs."""

    path: str  # below the version folder
    a: int | None  # bytes; null where A has no such file
    b: int | None  # bytes; null where B has no such file


class OutputDifference(NamedTuple):
    """How far one output of the same call differs."""

    name: str  # of the output
    mean: (
        float | None
    )  # of the absolute differences: of pictures in levels from 0 to 255; null where they cannot be taken
    largest: float | None  # of these
    note: str  # why there is no number; else empty


class CallDifference(NamedTuple):
    """The same call of both."""

    signature: str  # its name
    inputs: Sequence[str]  # in words
    outputs: Sequence[OutputDifference]  # by name; none if one of them failed
    a_loss: float | None  # total loss in the end; null where there are no losses
    b_loss: float | None  # of B
    a_seconds: float | None  # the shortest of three calls after a first one; of one such call where it takes over 5 s
    b_seconds: float | None  # of B
    time_ratio: float | None  # B's seconds over A's
    a_problem: str  # why A gave no answer; else empty
    b_problem: str  # why B gave no answer; else empty


class Behaviour(NamedTuple):
    """Both with the same inputs."""

    calls: Sequence[CallDifference]  # one for each signature that was called
    a_bytes: (
        int | None
    )  # memory that loading and calling added to A's process at its peak; null for a server, or not Linux
    b_bytes: int | None  # of B
    memory_ratio: float | None  # B's bytes over A's


class Difference(NamedTuple):
    """All of it. What a server does not tell, its ops, variables and files, is null."""

    a: str  # the version folder, or the server's address
    b: str  # what it was compared with
    compatible: bool  # nothing breaks for clients of A, B is not damaged and answers wherever A does
    contract: Sequence[ContractChange]  # what breaks first
    requirements: Sequence[str]  # what B needs of a server and A does not, in sentences
    card: Sequence[CardChange]  # by path; weights, presets, options, limits and versions
    variables: Sequence[VariableChange] | None  # by name
    ops: Sequence[OpChange] | None  # by name
    files: Sequence[FileChange] | None  # by path
    behaviour: Behaviour | None  # null with --no-run
    problems: Sequence[str]  # what is wrong with one of them, in sentences
