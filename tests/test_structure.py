"""The rules of the house that a reader relies on."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

import nst_graph

ROOT = Path(__file__).parents[1]
FOLDERS = {
    "nst_graph": ROOT / "nst_graph",
    "nst_export": ROOT / "export" / "nst_export",
    "nst_serving": ROOT / "serving" / "nst_serving",
    "nst_client": ROOT / "client" / "nst_client",
}
PYTORCH_LOOP = "pytorch_loop.py"  # of `nst bench`, which names it as a file and never imports it
MAY_IMPORT = {
    "nst_graph": set(),
    "nst_export": {"nst_graph"},
    "nst_serving": {"nst_graph", "nst_export"},
    "nst_client": set(),
}


def imports_of(file: Path) -> set[str]:
    """Top-level names of everything a file imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("package", FOLDERS)
def test_imports_run_one_way(package):
    """nst_graph <- nst_export <- nst_serving; nst_client imports none of them."""
    forbidden = set(FOLDERS) - MAY_IMPORT[package] - {package}
    for file in FOLDERS[package].rglob("*.py"):
        assert not imports_of(file) & forbidden, (
            f"{file.relative_to(ROOT)} must not import {imports_of(file) & forbidden}"
        )


@pytest.mark.parametrize("package", FOLDERS)
def test_nothing_that_is_installed_imports_the_training_program(package):
    for file in FOLDERS[package].rglob("*.py"):
        assert not imports_of(file) & {"training", "torch"} or file.name == PYTORCH_LOOP, file.relative_to(ROOT)


def test_what_another_interpreter_runs_needs_pytorch_and_numpy_alone():
    """`nst bench` runs the worker and PyTorch's loop there."""
    outside = set()
    for name in (PYTORCH_LOOP, "worker.py"):
        outside |= imports_of(FOLDERS["nst_export"] / "bench" / name) - sys.stdlib_module_names
    assert outside == {"numpy", "torch"}


def test_the_client_imports_tensorflow_in_its_protocol_module_alone():
    users = {file.name for file in FOLDERS["nst_client"].rglob("*.py") if "tensorflow" in imports_of(file)}
    assert users == {"protocol.py"}


ROOMS = {  # of the client, and which of the others each may import; everybody may import the ground floor's modules
    "calls": set(),
    "files": set(),
    "display": set(),
    "jobs": {"calls", "files", "display"},
    "stylize": {"jobs", "calls", "files", "display"},
    "batch": {"jobs", "calls", "files", "display"},
    "demo": {"jobs", "calls", "files", "display"},
    "commands": {"stylize", "batch", "demo", "jobs", "calls", "files", "display"},
}
GROUND_FLOOR = {"errors", "progress", "contract", "option"}


def client_modules_of(file: Path) -> set[str]:
    """The first name behind `nst_client.` of everything a file imports."""
    modules = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "nst_client":
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("nst_client."):
            modules.add(node.module.split(".")[1])
    return modules


def test_every_room_of_the_client_has_its_rule():
    rooms = {folder.parent.name for folder in FOLDERS["nst_client"].glob("*/__init__.py")}
    assert rooms == set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_the_clients_imports_run_one_way(room):
    """commands -> stylize, batch, demo -> jobs -> calls, files, display -> the ground floor."""
    for file in (FOLDERS["nst_client"] / room).glob("*.py"):
        wrong = client_modules_of(file) - ROOMS[room] - GROUND_FLOOR - {room}
        assert not wrong, f"{file.relative_to(ROOT)} must not import {wrong}"


def test_the_graph_reads_no_files_and_has_no_command_line():
    for file in FOLDERS["nst_graph"].rglob("*.py"):
        assert not imports_of(file) & {"os", "pathlib", "typer", "argparse", "logging"}, file.name


@pytest.mark.parametrize(
    "file",
    [p for folder in [*FOLDERS.values(), ROOT / "export" / "training", ROOT / "tests"] for p in folder.rglob("*.py")],
    ids=lambda p: p.stem,
)
def test_files_and_bodies_fit_a_reader(file):
    """Under 300 lines a file, at most 40 a body."""
    source = file.read_text()
    assert source.count("\n") < 300
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            length = body[-1].end_lineno - body[0].lineno + 1 if body else 0
            assert length <= 40, f"{node.name} has {length} lines"


@pytest.mark.parametrize(
    ("folder", "document"),
    [
        ("nst_graph", "nst_graph/README.md"),
        ("export/nst_export/saved_model", "export/README.md"),
        ("export/nst_export/toolkit", "export/README.md"),
        ("export/nst_export/verification", "export/README.md"),
        ("export/nst_export/bench", "export/README.md"),
        ("serving/nst_serving", "serving/README.md"),
    ],
)
def test_a_folders_readme_names_each_of_its_files(folder, document):
    """tests/client/test_rooms.py does it for the client's rooms."""
    named = set(re.findall(r"`(\w+\.py)`", (ROOT / document).read_text()))
    missing = {file.name for file in (ROOT / folder).glob("*.py")} - {"__init__.py"} - named
    assert not missing, f"{document} names no {', '.join(sorted(missing))}"


def test_the_changelog_begins_with_this_version():
    headings = re.findall(r"^## \[?([^\]\s]+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == nst_graph.__version__
