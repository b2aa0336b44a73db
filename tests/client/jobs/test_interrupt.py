"""Signals, sent to real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from nst_client.jobs.interrupt import SIGNALS, interruptible

# Says when it may be disturbed, and what it has noticed.
PROGRAM = """
import sys, time
from nst_client.jobs.interrupt import interruptible

def say(*words):
    print(*words, flush=True)

with interruptible(lambda: say("asked")) as interrupt:
    say("ready")
    while not interrupt.requested:
        time.sleep(0.01)
    say("last call")
    sys.stdin.readline()
say("outside")
sys.stdin.readline()
say("end")
"""


@pytest.fixture
def started() -> Iterator[Callable[[], subprocess.Popen[str]]]:
    processes: list[subprocess.Popen[str]] = []

    def start(program: str = PROGRAM) -> subprocess.Popen[str]:
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        processes.append(subprocess.Popen([sys.executable, "-c", program], text=True, env=environment, **pipes))
        assert processes[-1].stdout.readline() == "ready\n"
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def lines(process: subprocess.Popen[str], count: int) -> list[str]:
    return [process.stdout.readline().rstrip() for _ in range(count)]


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_the_first_signal_is_a_request(started, number):
    process = started()
    process.send_signal(number)
    assert lines(process, 2) == ["asked", "last call"]
    out, err = process.communicate("\n\n", timeout=20)
    assert (process.returncode, out, err) == (0, "outside\nend\n", "")


def test_a_signal_that_is_ignored_stays_so(started):
    """As Ctrl-C is in a job that a shell runs in the background."""
    process = started("import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n" + PROGRAM)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)  # were the first one a request, this would be the end
    assert lines(process, 2) == ["asked", "last call"]
    out, _ = process.communicate("\n\n", timeout=20)
    assert (process.returncode, out) == (0, "outside\nend\n")


@pytest.mark.parametrize("first", SIGNALS, ids=lambda number: number.name)
@pytest.mark.parametrize("second", SIGNALS, ids=lambda number: number.name)
def test_the_second_signal_ends_the_process_as_usual(started, first, second):
    process = started()
    process.send_signal(first)
    assert lines(process, 2) == ["asked", "last call"]
    process.send_signal(second)
    out, err = process.communicate(timeout=20)
    assert out == ""
    assert process.returncode in (-second, 128 + second)
    assert ("KeyboardInterrupt" in err) == (second == signal.SIGINT)


@pytest.mark.parametrize("asked_before", [False, True])
def test_after_the_block_signals_mean_what_they_did(asked_before: bool):
    usual = [signal.getsignal(number) for number in SIGNALS]
    with interruptible(lambda: None) as interrupt:
        assert [signal.getsignal(number) for number in SIGNALS] != usual
        if asked_before:
            signal.raise_signal(signal.SIGTERM)
        assert interrupt.requested is asked_before
    assert [signal.getsignal(number) for number in SIGNALS] == usual


def test_a_line_that_cannot_be_written_now_does_not_end_the_run():
    """A signal may come in the middle of a write to the same stream, which Python then refuses to enter again."""

    def reentrant() -> None:
        raise RuntimeError("reentrant call inside <_io.BufferedWriter name='<stderr>'>")

    with interruptible(reentrant) as interrupt:
        signal.raise_signal(signal.SIGINT)
    assert interrupt.requested
