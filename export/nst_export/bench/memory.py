"""The memory of a process, by what the system says of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

Field = Literal["VmRSS", "VmHWM"]  # now, and at its peak


def memory_of(process: int | Literal["self"], field: Field) -> int | None:
    """Bytes that are resident; None where the system does not tell, as none but Linux does, or the process is gone."""
    try:
        text = Path("/proc", str(process), "status").read_text(encoding="utf-8")
    except OSError:
        return None
    found = re.search(rf"^{field}:\s+(\d+) kB", text, re.MULTILINE)
    return None if found is None else int(found[1]) * 1024
