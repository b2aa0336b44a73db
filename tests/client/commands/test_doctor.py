"""`nst doctor`: what it finds wrong on machines that are described to it, and what it prints on this one."""

from __future__ import annotations

import hashlib
import json

import pytest

from nst_client.commands import checkup
from nst_client.errors import ServerUnavailable
from tests.client.proxy import NOWHERE

HAS_ALL = dict.fromkeys(checkup.RUNTIME, "1.0")


def chip(*flags: str, machine: str = "x86_64") -> checkup.Finding:
    return checkup.processor(flags, 8, machine, bfloat16=["amx_bf16", "avx512_bf16"])


def refused() -> None:
    raise OSError(98, "Port 8500 is taken.")


def unreachable() -> list[tuple[int, str]]:
    raise ServerUnavailable("Nothing answers.", "Start it.")


CASES = {
    "a Python of today": (checkup.python((3, 11, 7)), "good", "3.11.7"),
    "an old Python": (checkup.python((3, 9, 1)), "problem", "3.10 to 3.13"),
    "a new Python": (checkup.python((3, 14, 0)), "problem", "3.10 to 3.13"),
    "all packages": (checkup.packages(HAS_ALL.get), "good", "tensorflow 1.0"),
    "no TensorFlow": (
        checkup.packages((HAS_ALL | {"tensorflow": None}).get),
        "problem",
        "`nst export`, `nst serve` and --model-dir fail without tensorflow:",
    ),
    "no gRPC": (checkup.packages((HAS_ALL | {"grpcio": None}).get), "problem", "No command works without grpcio"),
    "bfloat16 in the processor": (
        chip("avx", "avx2", "amx_bf16"),
        "good",
        "8 cores, avx2 amx",
    ),
    "no bfloat16": (chip("avx", "avx2"), "note", "bfloat16` would be slower"),
    "no AVX": (chip("sse2"), "problem", "illegal instruction"),
    "no /proc/cpuinfo": (chip(machine="arm64"), "note", "arm64, 8 cores"),
    "no GPU": (checkup.gpu(None, None), "note", "none"),
    "a GPU without CUDA": (checkup.gpu("550.54", None), "note", "tensorflow[and-cuda]"),
    "a GPU with CUDA": (checkup.gpu("550.54", "9.3"), "good", "driver 550.54, cuDNN 9.3"),
    "enough memory": (checkup.memory(32_768_000_000), "good", "32.8 GB"),
    "little memory": (checkup.memory(1_000_000_000), "problem", "1.0 GB"),
    "memory that is not known": (checkup.memory(None), "note", "unknown"),
    "UTF-8": (checkup.encoding("utf-8", "utf-8"), "good", "utf-8"),
    "ASCII": (checkup.encoding("ascii", None), "problem", "LC_ALL"),
    "a free port": (checkup.port(8500, "--port", lambda: None), "good", "free"),
    "a taken port": (checkup.port(8500, "--port", refused), "note", "nst serve --port N"),
    "no proxy": (checkup.proxies(["gpu:8500"], {}), "good", "none"),
    "a proxy before a server": (
        checkup.proxies(["gpu:8500"], {"http_proxy": "http://p:1"}),
        "problem",
        "into no_proxy",
    ),
    "a proxy not for a server": (checkup.proxies(["localhost:1"], {"http_proxy": "http://p:1"}), "good", "not for"),
    "a server at work": (
        checkup.server("a:1", lambda: [(2, "AVAILABLE")], expected=True),
        "good",
        "version 2 AVAILABLE",
    ),
    "a named server is away": (checkup.server("a:1", unreachable, expected=True), "problem", "Start it."),
    "nobody named a server": (checkup.server("a:1", unreachable, expected=False), "note", "Nothing answers."),
}


@pytest.mark.parametrize("case", CASES)
def test_a_machine_is_judged_by_what_it_has(case):
    finding, verdict, words = CASES[case]
    assert finding.verdict == verdict
    assert words in f"{finding.found} {finding.advice}"
    assert (finding.verdict == "good") == (not finding.advice)


def test_keras_file_of_weights_is_compared_with_its_digest(tmp_path):
    file, digest = tmp_path / "weights.h5", hashlib.md5(b"weights", usedforsecurity=False).hexdigest()
    assert checkup.weights_cache(file, digest).verdict == "note"
    file.write_bytes(b"half")
    assert "Delete it" in checkup.weights_cache(file, digest).advice
    file.write_bytes(b"weights")
    assert checkup.weights_cache(file, digest).verdict == "good"


def test_it_tells_programs_what_it_finds_here(nst, server, tmp_path):
    done = nst("doctor", "--json", "--server", server.address, KERAS_HOME=str(tmp_path))
    findings = {finding["about"]: finding for finding in json.loads(done.stdout)}
    assert done.returncode == any(finding["verdict"] == "problem" for finding in findings.values())
    assert findings[f"server {server.address}"]["found"] == "version 1 AVAILABLE"
    assert findings["packages"]["verdict"] == "good"
    assert str(tmp_path) in findings["weights"]["found"]
    assert {"Python", "processor", "GPU", "memory", "locale", "port 8500", "port 8501", "proxies"} <= set(findings)


def test_a_named_server_that_is_away_is_a_problem_and_the_remedy_stands_below_it(nst):
    done = nst("doctor", "--server", NOWHERE)
    assert done.returncode == 1, done.stderr
    *_, found, remedy = done.stdout.splitlines()
    assert found.startswith(f"problem  server {NOWHERE}")
    assert remedy.strip().startswith("Start it with `nst serve MODEL_DIR`")


def test_it_loads_no_tensorflow(python):
    code = "import sys; from nst_client.cli import app; app(['doctor'], standalone_mode=False)"
    assert python(f"{code}; print('keras' in sys.modules)").stdout.splitlines()[-1] == "False"
