"""Asks the questions in a process of their own: a damaged graph may end TensorFlow's, or keep it busy for ever."""

from __future__ import annotations

import multiprocessing
import os
import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

from nst_export.toolkit.served import Call
from nst_export.verification.asking import answered, answers, chosen, not_asked
from nst_export.verification.finding import EXPORT_AGAIN, no
from nst_export.verification.report import Answer
from nst_export.verification.subject import ServedCopy, Subject


class Server(NamedTuple):
    """A server to ask, in a form that goes to another process."""

    open: Callable[[], AbstractContextManager[Call]]
    address: str
    model: str
    version: int | None


def answers_apart(folder: Path, names: Sequence[str], *, seconds: float, server: Server | None) -> Iterator[Answer]:
    """The answers of a version, each as soon as it is known.

    Args:
        folder: the version's.
        names: of the questions; all if there are none.
        seconds: that a question may take, after which it is answered with no.
        server: one that has the same version.
    """
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory(prefix="nst-verify-") as scratch:
        log = Path(scratch, "stderr")
        receiving, sending = context.Pipe(duplex=False)
        process = context.Process(target=_answer, args=(sending, log, folder, names, server), daemon=True)
        process.start()
        sending.close()
        try:
            yield from _received(receiving, process, log, names, seconds, server=server is not None)
        finally:
            process.kill()
            process.join()


def _received(
    receiving: Connection,
    process: multiprocessing.process.BaseProcess,
    log: Path,
    names: Sequence[str],
    seconds: float,
    *,
    server: bool,
) -> Iterator[Answer]:
    questions = list(chosen(names, server=server))
    while questions:
        try:
            if not receiving.poll(seconds):
                failure = no(
                    f"it took longer than {seconds:g} s", "Allow more with --seconds, or export the model again."
                )
                break
            answer: Answer = receiving.recv()
        except (EOFError, ConnectionResetError):
            process.join()
            failure = no(f"TensorFlow's process ended with {_ending(process.exitcode, log)}", EXPORT_AGAIN)
            break
        questions.pop(0)
        yield answer
    if questions:
        stopped, *rest = questions
        yield answered(stopped, failure)
        for question in rest:
            yield answered(question, not_asked(stopped.name))


def _ending(code: int | None, log: Path) -> str:
    """The signal or exit code, and what the runtime said last."""
    name = signal.Signals(-code).name if code is not None and code < 0 else f"exit code {code}"
    said = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    fatal = [line for line in said if "Check failed" in line or line.startswith("F")] or said
    return f"{name}: {fatal[-1][:300]}" if fatal else name


def _answer(sending: Connection, log: Path, folder: Path, names: Sequence[str], server: Server | None) -> None:
    """What the other process does. What the libraries print goes to a file."""
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(file, stream)
    with ExitStack() as stack:
        copy = None
        if server is not None:
            call = stack.enter_context(server.open())
            copy = ServedCopy(call, server.address, server.model, server.version)
        for answer in answers(Subject(folder, served=copy), chosen(names, server=copy is not None)):
            sending.send(answer)
