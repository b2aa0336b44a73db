"""Prints what came after the oldest of several TensorFlows: ops, and attributes of ops that were there.

nst_export/verification/newer_ops.txt is what this prints for what list_ops.py prints under 2.19.1, 2.20.0 and 2.21.0:

    python tests/compatibility/newer_ops.py 2.19.1.txt 2.20.0.txt 2.21.0.txt > newer_ops.txt
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path


def newer(lists: Sequence[str]) -> Iterator[str]:
    """A title, and a line for each; `lists` are the texts, the oldest first."""
    yield f"# what {', '.join(map(version_of, lists[1:]))} have that TensorFlow {version_of(lists[0])} has not"
    known = names_in(lists[0])
    for later in lists[1:]:
        minor = ".".join(version_of(later).split(".")[:2])
        found = names_in(later)
        yield from (f"{minor} {name}" for name in sorted(found - known) if name.split(".")[0] in known | {name})
        known |= found


def version_of(text: str) -> str:
    return text.split("\n", 1)[0].removeprefix("# tensorflow ")


def names_in(text: str) -> set[str]:
    """`Conv2D`, `Conv2D.padding`, ..."""
    rows = [line.split() for line in text.splitlines()[1:]]
    return {name for op, *attributes in rows for name in (op, *(f"{op}.{attribute}" for attribute in attributes))}


if __name__ == "__main__":
    sys.stdout.write("\n".join(newer([Path(name).read_text(encoding="utf-8") for name in sys.argv[1:]])) + "\n")
