"""A report as a person reads it."""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from nst_export.toolkit.report import Input, Report, Signature
from nst_export.toolkit.tables import INDENT, sections_as_text, table
from nst_export.toolkit.words import bytes_in_words, tensor_in_words, value_in_words

MOST_VARIABLES = 60  # `--json` has all
FEW_OPTIONS = 2  # so many are not worth a table of their own
GLUE = "\x00"  # stands for a blank at which no line ends


def screen(report: Report, *, width: int, colour: bool) -> str:
    """The text, at most `width` letters wide; `colour` is for terminals."""
    return sections_as_text(_sections(report), width=width, colour=colour)


def _sections(report: Report) -> Iterator[tuple[str, RenderableType]]:
    version = "" if report.version is None else f" version {report.version}"
    yield f"{report.model}{version}", _pairs(_summary(report))
    if report.problems:
        yield "Problems", Group(*(Text(problem, style="red") for problem in report.problems))
    if report.card is not None:
        yield "Model card", _pairs(_card(report))
    if report.states:
        rows = [[str(state.version), state.state, state.error] for state in report.states]
        yield "Versions on the server", table(["version", "state", "error"], rows)
    yield "Signatures", Group(*_signatures(report)) if report.signatures else Text("none: a server can call nothing")
    if report.ops:
        yield f"Ops, {_count(report, loops=True)} in loops", _ops(report, loops=True)
        yield f"Ops, {_count(report, loops=False)} outside of loops", _ops(report, loops=False)
    if report.variables:
        size = bytes_in_words(sum(variable.bytes for variable in report.variables))
        yield f"Variables, {len(report.variables)} with {size}", _variables(report)
    if report.warmup:
        yield f"Warm-up requests, {len(report.warmup)}", _warmup(report)
    if report.files:
        rows = [[file.path, bytes_in_words(file.bytes), file.sha256 or "not computed"] for file in report.files]
        yield "Files", table(["file", "size", "SHA-256"], rows)


def _summary(report: Report) -> Iterator[tuple[str, str]]:
    yield "where", report.source
    if report.tensorflow:
        graph = "" if report.graph_version is None else f", graph version {report.graph_version}"
        yield "written by", f"TensorFlow {report.tensorflow}{graph}"
    wants = [
        f"{f'TensorFlow Serving {one.server} or newer' if one.server else ''} {one.flag}".strip() + f": {one.reason}"
        for one in report.requirements
    ]
    yield "needs", "\n".join(wants) or "nothing that would ask for a certain version of TensorFlow Serving"
    if len(report.tags) > 1:
        yield "graphs", f"{len(report.tags)}, with the tags {'; '.join(' '.join(tags) for tags in report.tags)}"
    if report.fingerprint:
        yield "checksum", f"{report.fingerprint} (TensorFlow's own, of the graph)"
    if report.cost:
        flops, memory = report.cost.flops * 1e6 / 1e9, report.cost.memory * 1e6
        yield "iteration", f"about {flops:,.0f} GFLOP and {bytes_in_words(memory)} of memory for a megapixel"


def _card(report: Report) -> Iterator[tuple[str, str]]:
    card = report.card or {}
    made = [f"{name} {number}" for name, number in card["versions"].items()]
    yield "name", f"{card['name']}, contract {card['contract']}, made {card['created']} with {', '.join(made)}"
    yield "weights", "\n".join(_entry(name, value) for name, value in card["weights"].items() if value is not None)
    slow = [f"Slow here: {report.slow_here}."] if report.slow_here else []
    yield "network", "\n".join([f"{card['precision']} ({card['precision_reason']}), {card['pooling']} pooling", *slow])
    presets = [f"{name} (the default)" if place == 0 else name for place, name in enumerate(card["presets"])]
    yield "presets", ", ".join(presets) or "none"
    yield "limits", ", ".join(_entry(name, value) for name, value in card["limits"].items())
    chosen = [_entry(name, value) for name, value in card["execution"].items() if value]
    yield "execution", ", ".join(chosen) or "plain"


def _entry(name: str, value: object) -> str:
    """An entry of the card in words; what it is called says enough of a switch, and a source speaks for itself."""
    words = name.replace("_", " ")
    if value is True:
        return words
    return f"{words} {value:,}" if isinstance(value, int) else str(value) if name == "source" else f"{words} {value}"


def _signatures(report: Report) -> Iterator[RenderableType]:
    shared: dict[tuple[Input, ...], list[str]] = defaultdict(list)  # many signatures have the same options
    for signature in report.signatures:
        shared[_options(signature)].append(signature.name)
    for signature in report.signatures:
        options = _options(signature)
        apart = len(options) > FEW_OPTIONS and len(shared[options]) > 1
        yield Text(signature.name, style="cyan")
        yield Padding(_signature(signature, without_options=apart), (0, 0, 0, INDENT))
    for options, names in shared.items():
        if len(options) > FEW_OPTIONS and len(names) > 1:
            yield Text(f"the {len(options)} options of {', '.join(names)}", style="cyan")
            rows = [[one.name, tensor_in_words(one), value_in_words(one.default), one.meaning] for one in options]
            yield Padding(table(["option", "type", "default", "meaning"], rows), (0, 0, 0, INDENT))


def _options(signature: Signature) -> tuple[Input, ...]:
    """The inputs with a default, without their tensors' names, in which signatures differ."""
    return tuple(one._replace(tensor="") for one in signature.inputs if not one.required)


def _signature(signature: Signature, *, without_options: bool) -> Table:
    rows = []
    for one in signature.inputs:
        if one.required:
            rows.append(["in", one.name, tensor_in_words(one), one.meaning])
        elif not without_options:
            default = f"default {value_in_words(one.default)}"
            rows.append(["in", one.name, tensor_in_words(one), f"{one.meaning} {default}".lstrip()])
    if without_options:
        rows.append(["in", f"and {len(_options(signature))} options", "", ""])
    rows += [["out", one.name, tensor_in_words(one), one.meaning] for one in signature.outputs]
    return table(["", "name", "type", "meaning"], rows, head=False)


def _count(report: Report, *, loops: bool) -> str:
    return f"{sum(row.in_loops if loops else row.total - row.in_loops for row in report.ops):,}"


def _ops(report: Report, *, loops: bool) -> RenderableType:
    counts = [(row.op, row.in_loops if loops else row.total - row.in_loops) for row in report.ops]
    words = [f"{op} {count:,}" for op, count in sorted(counts, key=lambda one: -one[1]) if count]
    return Wrapped(words) if words else Text("none")


class Wrapped(NamedTuple):
    """Words of which none is broken over two lines, with commas between them."""

    words: Sequence[str]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """As many on a line as there is room for."""
        kept = ", ".join(self.words).replace(", ", ",\n").replace(" ", GLUE).replace("\n", " ")
        for line in textwrap.wrap(kept, options.max_width, break_on_hyphens=False):
            yield Text(line.replace(GLUE, " "))


def _variables(report: Report) -> RenderableType:
    rows = [[one.name, tensor_in_words(one), bytes_in_words(one.bytes)] for one in report.variables[:MOST_VARIABLES]]
    more = len(report.variables) - len(rows)
    shown = table(["variable", "type", "size"], rows)
    return Group(shown, Text(f"and {more:,} more, which --json has")) if more else shown


def _warmup(report: Report) -> Table:
    rows = []
    for request in report.warmup:
        inputs = [
            f"{one.name} {tensor_in_words(one) if one.value is None else value_in_words(one.value)}"
            for one in request.inputs
        ]
        rows.append([request.signature, ", ".join(request.outputs) or "all", ", ".join(inputs) or "none"])
    return table(["signature", "outputs", "inputs"], rows)


def _pairs(pairs: Iterable[tuple[str, str]]) -> Table:
    return table(["", ""], [list(pair) for pair in pairs], head=False)
