"""The threads of a server share two of glibc's arenas."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = """
import ctypes, re, sys, tempfile, threading
from nst_serving.arenas import limit_arenas

if sys.argv[1] == "limited":
    assert limit_arenas()
barrier = threading.Barrier(21)

def hold():
    kept = [bytes(600) for _ in range(100)]
    barrier.wait()

threads = [threading.Thread(target=hold) for _ in range(20)]
for thread in threads:
    thread.start()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
libc.malloc_info.argtypes, libc.fclose.argtypes = (ctypes.c_int, ctypes.c_void_p), (ctypes.c_void_p,)
file = libc.fopen(sys.argv[2].encode(), b"w")
libc.malloc_info(0, file)
libc.fclose(file)
barrier.wait()
print(len(re.findall("<heap nr=", open(sys.argv[2]).read())))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="arenas are glibc's")
def test_twenty_threads_have_two_arenas_where_they_would_have_more(tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != "MALLOC_ARENA_MAX"}
    counts = [
        int(subprocess.check_output([sys.executable, "-c", PROGRAM, how, str(tmp_path / how)], env=environment))
        for how in ("limited", "as ever")
    ]
    assert counts[0] <= 2 < counts[1]
