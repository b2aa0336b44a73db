"""In which precisions a processor multiplies, by the text of Linux's /proc/cpuinfo, which is empty elsewhere."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from pathlib import Path

from nst_graph.choices import Precision, PrecisionOrAuto

CPUINFO = Path("/proc/cpuinfo")

# Any one of these flags says that the processor multiplies in that precision. Without them oneDNN, which computes
# TensorFlow's convolutions, converts each operand to float32 and back.
FLAGS: dict[Precision, tuple[str, ...]] = {
    "bfloat16": ("amx_bf16", "avx512_bf16"),
    "float16": ("amx_fp16", "avx512_fp16"),
}

# float16 is never chosen: bfloat16 is as fast, and has float32's range.
AUTO: Precision = "bfloat16"


def this_cpuinfo() -> str:
    """The text for this machine; empty where there is none."""
    try:
        return CPUINFO.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def flags_of(cpuinfo: str) -> AbstractSet[str]:
    """The features of the first processor, as Linux calls them; none where the text names none (ARM, other systems)."""
    found = re.search(r"^flags\s*:(.*)$", cpuinfo, re.MULTILINE)
    return set(found[1].split()) if found else set()


def precision_for(choice: PrecisionOrAuto, cpuinfo: str) -> tuple[Precision, str]:
    """The precision that is asked for, and why it is that one: words for the model card.

    `auto` is bfloat16 where the processor multiplies in it, else float32. Pictures hardly change: README of nst_graph.
    """
    if choice != "auto":
        return choice, "asked for"
    having = [flag for flag in FLAGS[AUTO] if flag in flags_of(cpuinfo)]
    if having:
        return AUTO, f"auto: the exporting processor has {having[0]}"
    return "float32", f"auto: the exporting processor has none of {', '.join(FLAGS[AUTO])}"


def why_slow(precision: str, cpuinfo: str) -> str | None:
    """Why a processor that says what it can do would be slow at a precision, in words; None where it is not."""
    flags, wanted = flags_of(cpuinfo), FLAGS.get(precision, ())  # type: ignore[call-overload]
    if not flags or not wanted or flags & set(wanted):
        return None
    return f"this processor has none of {', '.join(wanted)}, and computes {precision} slower than float32"
