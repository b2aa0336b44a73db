"""The parts of the documents that are made from the program: `make docs` writes them anew.

A part stands in a document between `<!-- begin NAME: made by make docs -->` and `<!-- end NAME -->`; what makes
it stands in `PARTS`.
"""

from __future__ import annotations

import functools
import inspect
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import ModuleType

import tensorflow as tf

from nst_client import contract
from nst_export.bench import report as benchmark_records
from nst_export.bench.rows import ROWS
from nst_export.toolkit import difference as difference_records
from nst_export.toolkit import report as report_records
from nst_export.toolkit import run_report as run_records
from nst_export.toolkit import version_rows as version_records
from nst_export.verification import report as verification_records
from nst_export.verification.questions import QUESTIONS
from nst_graph.options import OPTIONS
from nst_graph.signatures import SIGNATURES
from nst_serving.flags import server_arguments

ROOT = Path(__file__).parents[1]
DOCUMENTS = ("README.md", "client/README.md", "client/COMMANDS.md", "export/REPORT.md", "tests/conformance/README.md")
PART = re.compile(r"(<!-- begin (\w+): made by make docs -->\n).*?(<!-- end \2 -->)", re.DOTALL)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown."""
    head = list(head)
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (head, ["---"] * len(head), *rows))


def options() -> str:
    """The optional inputs, with their defaults."""
    rows = (
        [
            f"`{option.name}`",
            f"{option.dtype}[{contract.INPUTS[option.name].axes}]",
            contract.INPUTS[option.name].range,
            contract.INPUTS[option.name].default_in_words,
            option.meaning,
        ]
        for option in OPTIONS
    )
    return table(["option", "type", "range", "default", "meaning"], rows)


def signatures() -> str:
    """The signatures, with the inputs that each must be given."""
    rows = [
        [
            f"`{row.served_as}`",
            tensors(row.inputs),
            "all" if row.takes_options else "-",
            tensors(row.outputs),
        ]
        for row in SIGNATURES
    ]
    return table(["signature", "required inputs", "options", "outputs"], [*rows, *OTHER_SIGNATURES])


def tensors(specs: Mapping[str, tf.TensorSpec]) -> str:
    """Names, types and shapes; the letters of the shapes are explained below the table."""
    letters = {"content": "H,W,3", "style": "H,W,3", "image": "H,W,3", "state_bytes": "n", "losses": "N,4"}
    return ", ".join(f"`{name}` {spec.dtype.name}[{letters.get(name, '')}]" for name, spec in specs.items())


# Those that do not stylise.
OTHER_SIGNATURES = (
    (
        "`evaluate`",
        "`content` uint8[H,W,3], `style` uint8[H,W,3], `image` uint8[H,W,3]",
        "-",
        "`style_errors` float32[5], `content_error` float32[], `total_variation` float32[]",
    ),
    ("`describe`", "-", "-", "`model_card` string[]"),
)


def commands() -> str:
    """The help of all commands, as typer's own generator writes it."""
    done = subprocess.run(
        [sys.executable, "-m", "typer", "nst_client.cli", "utils", "docs", "--name", "nst"],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(["", *sys.path])},
    )
    return done.stdout.replace("&#x27;", "'").strip() + "\n"


def facts() -> str:
    """The cases of the conformance suite that were read in the server's source and not seen."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "facts")
        command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "tests.conformance.facts"]
        subprocess.run(
            [*command, "--facts-file", file, "tests/conformance"],
            check=True,
            capture_output=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(["", *sys.path]), "NST_TARGET": ""},
        )
        return file.read_text(encoding="utf-8")


def conformance_server() -> str:
    """The command that starts the real server for the conformance suite."""
    arguments = server_arguments(name="nst", base_path='"$PWD/models/nst"', port=8500, rest_port=8501)
    lines = ["tensorflow_model_server", *arguments, "--monitoring_config_file=serving/monitoring.config"]
    return "```sh\n" + " \\\n  ".join(lines) + "\n```\n"


def records_of(module: ModuleType) -> str:
    """The records that a command prints with --json, from the comments at their fields."""
    parts = []
    for name, fields in RECORD.findall(inspect.getsource(module)):
        rows = [[f"`{field}`", _json_type(hint), words] for field, hint, words in FIELD.findall(fields)]
        parts.append(f"## {name}\n\n{inspect.getdoc(getattr(module, name))}\n\n{table(FIELD_TITLES, rows)}")
    return "\n" + "\n".join(reversed(parts)) + "\n"  # the whole before its parts


def questions() -> str:
    """The questions of `nst verify`, in their order."""
    return table(["name", "question"], ([f"`{one.name}`", one.sentence] for one in QUESTIONS))


def benchmark_rows() -> str:
    """The rows of `nst bench`."""
    return table(["name", "what it is"], ([f"`{row.name}`", row.meaning] for row in ROWS))


RECORD = re.compile(r"^class (\w+)\(NamedTuple\):\n(.*?)(?=^class |\Z)", re.DOTALL | re.MULTILINE)
FIELD = re.compile(r"^    (\w+): (.+?)  # (.+)$", re.MULTILINE)
FIELD_TITLES = ("field", "type", "meaning")
JSON_TYPES = {
    "str": "string",
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "Mapping[str, Any]": "object",
    "Shape": "array of integers and nulls, or null",
    "Value": "any",
    "Verdict": "string",
}


def _json_type(hint: str) -> str:
    if hint.startswith("Sequence["):
        return f"array of {_json_type(hint.removeprefix('Sequence[')[:-1])}"
    plain = hint.removesuffix(" | None")
    name = JSON_TYPES.get(plain) or f"[{plain}](#{plain.lower()})"
    return name if plain == hint or name == "any" else f"{name} or null"


PARTS: Mapping[str, Callable[[], str]] = {
    "signatures": signatures,
    "options": options,
    "commands": commands,
    "facts": facts,
    "conformance_server": conformance_server,
    "report": functools.partial(records_of, report_records),
    "version_rows": functools.partial(records_of, version_records),
    "run_report": functools.partial(records_of, run_records),
    "difference": functools.partial(records_of, difference_records),
    "verification": functools.partial(records_of, verification_records),
    "questions": questions,
    "benchmark": functools.partial(records_of, benchmark_records),
    "benchmark_rows": benchmark_rows,
}


def renewed(text: str) -> str:
    """A document with its generated parts made anew."""
    return PART.sub(lambda part: f"{part[1]}{PARTS[part[2]]()}{part[3]}", text)


if __name__ == "__main__":
    for name in DOCUMENTS:
        file = ROOT / name
        file.write_text(renewed(file.read_text()))
