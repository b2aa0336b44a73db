"""Ops and attributes that the oldest TensorFlow promised, 2.19, does not know: newer_ops.txt, by what brought them.

tests/compatibility/newer_ops.py prints that file from the lists of ops of the versions themselves.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from pathlib import Path

from nst_export.saved_model.messages import node_def_pb2

FILE = Path(__file__).with_name("newer_ops.txt")

KNOWN_UP_TO = "2.21"  # the newest version that the file knows

# The version of the graph's format that each TensorFlow reads: `tf.version.GRAPH_DEF_VERSION` of 2.19.1 and 2.20.0.
READERS = {"2.19": 2129, "2.20": 2288}


def release(version: str) -> tuple[int, ...]:
    """The first two numbers."""
    return tuple(int(part) for part in version.split(".")[:2])


@functools.cache
def newer_ops() -> dict[str, str]:
    """The version that brought an op, `Abs`, or an attribute of an older one, `Conv2D.padding`."""
    lines = (line.split() for line in FILE.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    return {what: version for version, what in lines}


def newer_than(version: str, nodes: Iterable[node_def_pb2.NodeDef]) -> list[tuple[str, str]]:
    """What a graph uses that came after a version, and with which, by name."""
    since = newer_ops()
    used = {name for node in nodes for name in (node.op, *(f"{node.op}.{attribute}" for attribute in node.attr))}
    return [(name, since[name]) for name in sorted(used & since.keys()) if release(since[name]) > release(version)]
