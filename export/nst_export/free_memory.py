"""How much memory is free, by Linux's /proc/meminfo and the limits of control groups, as their files say them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

MEMINFO = Path("/proc/meminfo")
LIMIT_FILES = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def free_bytes(meminfo: str, limits: Iterable[str]) -> int | None:
    """What programs can still take, swap not counted; None where the system does not say it."""
    available = re.search(r"^MemAvailable:\s+(\d+) kB", meminfo, re.MULTILINE)
    if not available:
        return None
    return min([int(available[1]) * 1024, *(int(limit) for limit in limits if limit.strip().isdigit())])


def free_bytes_here() -> int | None:
    """`free_bytes` of this machine, now."""
    return free_bytes(_text(MEMINFO), map(_text, LIMIT_FILES))


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError:
        return ""
