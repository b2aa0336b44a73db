"""Gives the memory of what tests have let go of back to the machine: Python and C would keep it, gigabytes a run."""

from __future__ import annotations

import ctypes
import gc
from pathlib import Path

PAGES = Path("/proc/self/statm")  # Linux alone has it
PAGE_BYTES = 4096
GROWN_BYTES = 50e6  # less is not worth the tenth of a second


def keep_what_is_imported() -> None:
    """Lets no later collection look at the million objects of the modules."""
    gc.collect()
    gc.freeze()


class Garbage:
    """What this process has grown by since it was last cleared: a graph is a few cycles for Python, but 50 MB."""

    def __init__(self) -> None:
        self._kept = resident_bytes()

    def clear(self) -> None:
        """Frees what nobody holds."""
        free_memory()
        self._kept = resident_bytes()

    def clear_if_grown(self, before: int | None = None) -> None:
        """Since it was last cleared, or from so many bytes."""
        if resident_bytes() > (self._kept if before is None else before) + GROWN_BYTES:
            self.clear()


def free_memory() -> None:
    """Has Python find what nobody holds, and C give back what is free."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # other C libraries than glibc have none
    if trim is not None:
        trim(0)


def resident_bytes() -> int:
    """Bytes; 0 where it cannot be told."""
    return int(PAGES.read_text(encoding="ascii").split()[1]) * PAGE_BYTES if PAGES.exists() else 0
