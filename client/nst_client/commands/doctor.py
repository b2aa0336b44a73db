"""`nst doctor`: what on this machine would go wrong, and what to do."""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import json
import os
import platform
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from nst_client.commands.connection import Connection, connection_options
from nst_client.commands.options import AsJson
from nst_client.contract import DEFAULT_SERVER

if TYPE_CHECKING:
    from nst_client.commands.checkup import Finding

PORTS = {"--port": 8500, "--rest-port": 8501}  # those that `nst serve` and TensorFlow Serving take
CUDA_PACKAGES = ("nvidia-cudnn-cu12", "nvidia-cudnn-cu13")


@functools.partial(connection_options, without=("model_dir", "version", "label"))
def doctor(*, as_json: AsJson = False, connection: Connection) -> None:
    """Looks at what nst needs on this machine, a line each, and says what would go wrong and what to do.

    It loads no TensorFlow, and changes nothing. Exit code 1 if there is a problem.
    """
    findings = list(_findings(connection))
    if as_json:
        typer.echo(json.dumps([finding._asdict() for finding in findings]))
    else:
        _print(findings)
    if any(finding.verdict == "problem" for finding in findings):
        raise typer.Exit(1)


def _findings(connection: Connection) -> Iterable[Finding]:
    """All of them, in the order in which trouble is looked for."""
    from nst_client.commands import checkup

    yield checkup.python(sys.version_info[:3])
    yield checkup.packages(_version)
    yield this_processor()
    yield checkup.gpu(_driver(), next(filter(None, map(_version, CUDA_PACKAGES)), None))
    yield checkup.memory(importlib.import_module("nst_export.free_memory").free_bytes_here())
    yield checkup.encoding(sys.getfilesystemencoding(), sys.stdout.encoding)
    file = importlib.import_module("nst_export.imagenet_file")
    yield checkup.weights_cache(file.cached_file(), file.MD5)
    check_ports = importlib.import_module("nst_serving.ports").check_ports
    for option, number in PORTS.items():
        yield checkup.port(number, option, functools.partial(check_ports, "127.0.0.1", {option: number}))
    yield checkup.proxies(connection.server, os.environ)
    expected = connection.server != [DEFAULT_SERVER]
    for address in connection.server:
        yield checkup.server(address, functools.partial(_versions, connection, address), expected=expected)


def this_processor() -> Finding:
    """What it can do."""
    from nst_client.commands import checkup

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    chip = importlib.import_module("nst_export.processor")  # not to be imported here
    flags = chip.flags_of(chip.this_cpuinfo())
    return checkup.processor(flags, cores, platform.machine(), bfloat16=chip.FLAGS["bfloat16"])


def _versions(connection: Connection, address: str) -> Sequence[tuple[int, str]]:
    """Numbers and states of the model's versions on a server."""
    from nst_client.commands.connection import connect

    with connect(connection._replace(server=[address])) as client:
        return [(entry.version, entry.state) for entry in client.wait_until_available(0)]


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _driver() -> str | None:
    """The NVIDIA driver's version."""
    words = _text("proc/driver/nvidia/version").split("Kernel Module", 1)[-1].split()
    return next((word for word in words if word[0].isdigit()), None)


def _text(file: str) -> str:
    """One of the system's own files; empty where it has none."""
    try:
        return Path("/", file).read_text(encoding="utf-8")
    except OSError:
        return ""


COLOURS = {"good": typer.colors.GREEN, "note": typer.colors.YELLOW, "problem": typer.colors.RED}


def _print(findings: Sequence[Finding]) -> None:
    from nst_client.display.words import printable

    width = max(len(finding.about) for finding in findings) + 2
    for finding in findings:
        verdict = typer.style(f"{finding.verdict:9}", fg=COLOURS[finding.verdict])
        typer.echo(f"{verdict}{finding.about:{width}}{printable(finding.found)}")
        if finding.advice:
            typer.echo(f"{'':{9 + width}}{printable(finding.advice)}")
