"""`nst bench`: what it refuses, what it prints, and that nothing runs on behind it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nst_client.cli import app
from nst_export.bench.report import Benchmark, Measured
from nst_export.bench.rows import ROWS

TINY = ["--size", "32", "--rounds", "1", "--iterations", "2", "--call-iterations", "2"]


def nst(*arguments):
    return CliRunner().invoke(app, ["bench", *map(str, arguments)])


def without_pytorch(folder: Path) -> Path:
    """An interpreter that says what Python does."""
    file = folder / "python"
    file.write_text("#!/bin/sh\necho \"ModuleNotFoundError: No module named 'torch'\" >&2\nexit 1\n")
    file.chmod(0o755)
    return file


def test_a_row_that_there_is_not_is_refused_with_those_that_there_are():
    finished = nst("--row", "nst-float23")
    assert (finished.exit_code, finished.stdout) == (1, "")
    assert str(finished.exception) == "There is no row nst-float23."
    assert all(row.name in finished.exception.remedy for row in ROWS)


def test_a_picture_too_small_for_the_network_is_wrong_usage():
    finished = nst("--size", 31)
    assert finished.exit_code == 2
    assert "greater than or equal to 32" in finished.stderr


@pytest.mark.parametrize("rows", [[], ["--row", "pytorch-float32"]], ids=["all rows", "one"])
def test_an_interpreter_without_pytorch_is_refused(tmp_path, rows):
    finished = nst("--torch-python", without_pytorch(tmp_path), *rows)
    assert finished.exit_code == 1
    assert "cannot run PyTorch: ModuleNotFoundError: No module named 'torch'." in str(finished.exception)
    assert "--torch-python" in finished.exception.remedy


def test_an_interpreter_that_is_not_there_is_refused(tmp_path):
    finished = nst("--torch-python", tmp_path / "python")
    assert finished.exit_code == 1
    assert str(finished.exception) == f"{tmp_path / 'python'} cannot be run: No such file or directory."


def test_a_plot_that_cannot_be_written_is_refused_before_anything_is_measured(tmp_path):
    finished = nst("--row", "nst-float32", "--plot", tmp_path / "plot.pdf")
    assert finished.exit_code == 1
    assert "plot.pdf has no suffix of a plot." in str(finished.exception)
    assert finished.stderr == ""


@pytest.mark.slow
def test_all_rows_compute_the_same(tmp_path):
    plot = tmp_path / "plot.svg"
    finished = subprocess.run(
        [sys.executable, "-m", "nst_client", "bench", *TINY, "--json", "--plot", plot],
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert finished.returncode == 0, finished.stderr
    report = json.loads(finished.stdout)
    assert list(report) == list(Benchmark._fields)
    (size,) = report["sizes"]
    rows = {row["name"]: row for row in size["rows"]}
    assert {*rows, *(one["name"] for one in report["left_out"])} == {row.name for row in ROWS}
    assert all(list(row) == list(Measured._fields) for row in rows.values())
    eager = rows["tensorflow-eager"]["loss"]
    for row in rows.values():
        assert row["loss"] == pytest.approx(eager, rel=1e-3 if row["precision"] == "float32" else 0.1), row["name"]
    assert {call["precision"] for call in report["calls"]} == {"float32", "bfloat16"}
    assert {peak["precision"] for peak in report["peaks"]} == {"float32", "bfloat16"}
    assert b"<svg" in plot.read_bytes()


@pytest.mark.slow
def test_ctrl_c_ends_every_process():
    command = [sys.executable, "-m", "nst_client", "bench", *TINY, "--row", "nst-float32", "--row", "nst-grpc-float32"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as bench:
        for line in bench.stderr:
            if "warming up" in line:
                break
        children = Path(f"/proc/{bench.pid}/task/{bench.pid}/children").read_text("utf-8").split()
        assert len(children) == 3  # the peak's, the session's and the server
        bench.send_signal(signal.SIGINT)
        assert bench.wait(timeout=120) != 0
    deadline = time.monotonic() + 30
    while any(Path("/proc", child).exists() for child in children):
        assert time.monotonic() < deadline, children
        time.sleep(0.1)


def test_its_help_loads_no_tensorflow():
    code = "import sys; from nst_client.cli import app; app(['bench', '--help'], standalone_mode=False)"
    check = f"{code}; sys.exit('tensorflow' in sys.modules)"
    finished = subprocess.run(
        [sys.executable, "-c", check], capture_output=True, text=True, check=False, env=os.environ
    )
    assert finished.returncode == 0, finished.stderr
    assert "half an hour" in " ".join(finished.stdout.split())
