"""Changing one model's versions and labels in a models.config, and leaving the rest as a person wrote it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from google.protobuf import text_format

from nst_export.saved_model.messages import model_server_config_pb2
from nst_export.saved_model.models_config import config_from, model_in

POLICY, LABELS = "model_version_policy", "version_labels"
ENTRY = ("model_config_list", "config")
TOKEN = re.compile(r"""\#[^\n]* | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' | [{}<>] | [A-Za-z_]\w*""", re.VERBOSE)
INDENT = "  "


class Block(NamedTuple):
    """A field in braces."""

    path: tuple[str, ...]  # the names of the fields that it is in, and its own
    start: int  # of its name
    end: int  # behind its brace


def with_model(text: str, model: model_server_config_pb2.ModelConfig, file: Path) -> str:
    """The text with this model's policy and labels in the place of its own; comments elsewhere stay.

    A text of another form than people write, such as a list of labels in brackets, is written anew as protobuf has it.

    Raises:
        ConfigError: it is no configuration, or has no such model; `file` is for the message.
    """
    wanted = config_from(text, file)
    entry = model_in(wanted, model.name, file)
    place = list(wanted.model_config_list.config).index(entry)
    entry.ClearField(POLICY)
    entry.model_version_policy.CopyFrom(model.model_version_policy)
    if not model.HasField(POLICY):
        entry.ClearField(POLICY)
    entry.ClearField(LABELS)
    entry.version_labels.update(model.version_labels)
    edited = _edited(text, place, entry)
    read = model_server_config_pb2.ModelServerConfig()
    try:
        text_format.Parse(edited, read)
    except text_format.ParseError:
        read.Clear()
    return edited if read == wanted else text_format.MessageToString(wanted)


def _edited(text: str, place: int, entry: model_server_config_pb2.ModelConfig) -> str:
    blocks = sorted(_blocks(text), key=lambda block: block.start)
    entries = [block for block in blocks if block.path == ENTRY]
    if place >= len(entries):
        return ""
    start, end = entries[place].start, entries[place].end - 1  # of the brace
    inside = [block for block in blocks if block.path in {(*ENTRY, POLICY), (*ENTRY, LABELS)}]
    text = text[:end] + _lines(text, end, entry) + text[end:]
    for block in reversed([block for block in inside if start < block.start < end]):
        before, behind = text[: block.start].rstrip(" \t"), text[block.end :]
        rest = behind.lstrip(" \t")
        whole_line = before.endswith("\n") and rest.startswith("\n")
        text = before + rest[1:] if whole_line else before + behind
    return text


def _lines(text: str, end: int, entry: model_server_config_pb2.ModelConfig) -> str:
    """What stands before the brace at `end`: a line each where the brace has its own."""
    fields = []
    if entry.HasField(POLICY):
        policy = model_server_config_pb2.ModelConfig(model_version_policy=entry.model_version_policy)
        fields.append(text_format.MessageToString(policy, as_one_line=True))
    for label, version in sorted(entry.version_labels.items()):
        one = model_server_config_pb2.ModelConfig(version_labels={label: version})
        fields.append(text_format.MessageToString(one, as_one_line=True))
    margin = text[text.rfind("\n", 0, end) + 1 : end]
    if margin.strip():
        return "".join(f" {field}" for field in fields) + " "
    return "".join(f"{INDENT}{field}\n{margin}" for field in fields)


def _blocks(text: str) -> Iterator[Block]:
    opened: list[tuple[str, int]] = []
    last = ("", 0)
    for token in TOKEN.finditer(text):
        if token[0] in "{<":
            opened.append(last)
        elif token[0] in "}>":
            if opened:
                yield Block(tuple(name for name, _ in opened), opened[-1][1], token.end())
                opened.pop()
        elif token[0][0] not in "#\"'":
            last = (token[0], token.start())
