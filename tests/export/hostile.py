"""Version folders made to keep a program busy, fill its memory or end it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from nst_export.saved_model.fingerprint import FINGERPRINT_FILE
from nst_export.saved_model.model_card import CARD_FILE
from nst_export.saved_model.version_folder import GRAPH_FILE
from nst_export.saved_model.warmup_file import WARMUP_FILE
from tests.export.verification.planting import graph_of

GIGABYTE = 10**9
EVERY = frozenset({"inspect", "verify", "diff", "run", "copy", "versions"})


class Hostile(NamedTuple):
    """A way to spoil a healthy version."""

    spoil: Callable[[Path], object]
    said: str  # by the commands that refuse it
    unmoved: frozenset[str] = frozenset()  # commands that do not look there, or that it does no harm to


def deep_message(levels: int) -> bytes:
    """A SavedModel whose messages stand in one another: an attribute's function has attributes, and so on."""
    value = b""
    for _ in range(levels):
        value = field(10, field(2, field(2, value)))  # AttrValue.func, NameAttrList.attr, the entry's value
    # meta_graphs, graph_def, node, attr, the entry's value
    return field(2, field(2, field(1, field(5, field(2, value)))))


def field(number: int, content: bytes) -> bytes:
    """A field of a message, with bytes or another message in it."""
    return bytes([number << 3 | 2]) + varint(len(content)) + content


def varint(number: int) -> bytes:
    """A whole number as messages have it: seven bits a byte, the lowest first."""
    out = b""
    while number > 0x7F:
        out, number = out + bytes([number & 0x7F | 0x80]), number >> 7
    return out + bytes([number])


def deep_text(levels: int) -> str:
    """The same as text."""
    begin, end = "meta_graphs { graph_def { node { attr { value { ", "} } } } }"
    return begin + "func { attr { value { " * levels + "} } } " * levels + end


def as_text(version: Path) -> Path:
    """Leaves room for the graph as text, which is read where there is no binary."""
    (version / GRAPH_FILE).unlink()
    return version / f"{GRAPH_FILE}txt"


def large(file: Path, size: int = 3 * GIGABYTE) -> None:
    """Takes no room on the disk."""
    file.parent.mkdir(exist_ok=True)
    file.touch()
    os.truncate(file, size)


def written(file: Path, content: bytes | str) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(content.encode() if isinstance(content, str) else content)


def many_graphs(version: Path) -> None:
    """A byte each would do; these have two."""
    with (version / GRAPH_FILE).open("ab") as stream:
        stream.write(field(2, b"") * 1_000_000)


def pipe(file: Path) -> None:
    """Reading from it waits until somebody writes."""
    file.parent.mkdir(exist_ok=True)
    os.mkfifo(file)


def leads_to_itself(file: Path) -> None:
    file.unlink()
    file.symlink_to(file)


def huge_default(version: Path) -> None:
    """One number that stands for a million million."""
    with graph_of(version) as graph:
        (tensor,) = [one for name, one in graph.signature_def["scaled"].defaults.items() if name == "factor"]
        tensor.tensor_shape.dim.add(size=2**40)


UNLOOKED = frozenset({"run"})  # it reads the graph alone

HOSTILE: Mapping[str, Hostile] = {
    "deep messages": Hostile(lambda v: written(v / GRAPH_FILE, deep_message(1000)), "is damaged, or no SavedModel"),
    "deep text": Hostile(lambda v: written(as_text(v), deep_text(20_000)), "is damaged, or no SavedModel"),
    "a graph of 3 GB": Hostile(lambda v: large(v / GRAPH_FILE), "has 3,000,000,000 bytes"),
    "a text of 1 GB": Hostile(lambda v: large(as_text(v), GIGABYTE), "has 1,000,000,000 bytes"),
    "a million graphs": Hostile(many_graphs, "holds 1,000,001 graphs"),
    "a graph that leads to itself": Hostile(lambda v: leads_to_itself(v / GRAPH_FILE), "there is no saved_model.pb"),
    "a deep card": Hostile(lambda v: written(v / CARD_FILE, "[" * 10**6), "The model card is not JSON", UNLOOKED),
    "a card of 3 GB": Hostile(lambda v: large(v / CARD_FILE), "has 3,000,000,000 bytes", UNLOOKED),
    "a card that is a pipe": Hostile(lambda v: pipe(v / CARD_FILE), "model_card.json is not a file", UNLOOKED),
    "a fingerprint of 3 GB": Hostile(lambda v: large(v / FINGERPRINT_FILE), "has 3,000,000,000 bytes", UNLOOKED),
    "warm-up of 3 GB": Hostile(lambda v: large(v / WARMUP_FILE), "has 3,000,000,000 bytes", UNLOOKED),
    "a folder that leads back": Hostile(
        lambda v: (v / "again").symlink_to(v), "again is a link to a folder", EVERY - {"copy"}
    ),
    "a huge default": Hostile(huge_default, "claims the shape [1099511627776]", EVERY - {"verify"}),
}
