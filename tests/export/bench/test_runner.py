"""Processes of rows: what they answer, and that none is left behind."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from nst_export.bench import worker
from nst_export.bench.memory import memory_of
from nst_export.bench.runner import RowFailed, worker_process

LOOP = """
def prepare(start):
    print("what a library prints is no answer")

    def run(iterations):
        if iterations > 9:
            raise ValueError(f"{iterations} are too many.")
        return start / iterations

    return run
"""


@pytest.fixture
def loop(tmp_path):
    file = tmp_path / "loop.py"
    file.write_text(LOOP)
    return file


def ended(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_process_answers_with_seconds_and_a_value(loop):
    with worker_process(loop, {"start": 6.0}) as running:
        first, second = running.timed(1), running.timed(4)
    assert (first.value, second.value) == (6.0, 1.5)
    assert first.seconds >= 0


def test_its_memory_is_that_of_the_gpu_where_it_has_one(loop):
    with worker_process(loop, {"start": 6.0}) as running:
        assert running.memory("VmRSS") == pytest.approx(memory_of(running.process, "VmRSS"), rel=0.1)
    loop.write_text(LOOP + "\ndef gpu_memory():\n    return 5_000\n")
    with worker_process(loop, {"start": 6.0}) as running:
        assert running.memory("VmRSS") == 5_000


def test_it_ends_with_the_block_however_that_ends(loop):
    def interrupted() -> None:
        with worker_process(loop, {"start": 1.0}) as running:
            seen.append(running.process)
            raise KeyboardInterrupt

    seen: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert ended(seen[0])


def test_it_ends_with_its_input(loop):
    command = [sys.executable, worker.__file__, loop, '{"start": 1.0}']
    done = subprocess.run(command, input="2\n", capture_output=True, text=True, timeout=60, check=True)
    ready, answer = done.stdout.splitlines()
    assert ready == '{"gpu_memory": null}'
    assert '"value": 0.5' in answer


def test_what_ended_it_is_said(loop):
    with worker_process(loop, {"start": 1.0}) as running, pytest.raises(RowFailed) as failed:
        running.timed(10)
    assert str(failed.value) == "its process ended: ValueError: 10 are too many"


def test_a_process_that_the_system_has_killed_ran_out_of_memory(loop):
    with worker_process(loop, {"start": 1.0}) as running:
        os.kill(running.process, 9)
        os.waitid(os.P_PID, running.process, os.WEXITED | os.WNOWAIT)  # it is dead when it is written to
        with pytest.raises(RowFailed, match="memory runs out"):
            running.timed(1)


def test_one_that_cannot_be_prepared_fails_at_once(loop):
    with pytest.raises(RowFailed, match="unexpected keyword argument 'size'"), worker_process(loop, {"size": 1}):
        pass
