"""The program of a row's process: runs the row's loop for each line that it is sent, and answers with the time.

    python worker.py LOOP.py SETTINGS

The other interpreter that has PyTorch runs it too, so it needs the standard library alone. LOOP.py has
`prepare(**settings)`, which makes everything ready and returns a function from a number of iterations to a number, such
as the last loss. It may have `gpu_memory()`: the bytes that the process had of a GPU at the highest, None without one.
A line on standard input is a number of iterations; an answer is a line of JSON. At the end of the input the process
ends: none is left behind, however the benchmark ended.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
import time
from collections.abc import Iterable
from typing import TextIO


def main(loop: str, settings: str) -> None:
    """Answers until the input ends."""
    del sys.path[0]  # this file's folder: its names are not those of modules
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print is no answer
    program = runpy.run_path(loop)
    run = program["prepare"](**json.loads(settings))
    gpu_memory = program.get("gpu_memory", lambda: None)
    answer(answers, gpu_memory=gpu_memory())
    for iterations in lines(sys.stdin):
        begin = time.perf_counter()
        value = run(iterations)
        answer(answers, seconds=time.perf_counter() - begin, value=value, gpu_memory=gpu_memory())


def lines(stream: TextIO) -> Iterable[int]:
    """The numbers of iterations."""
    return map(int, stream)


def answer(stream: TextIO, **values: float | None) -> None:
    """Writes a line."""
    stream.write(json.dumps(values) + "\n")
    stream.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
