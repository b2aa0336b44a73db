"""In which precision a processor is fast, by what Linux says of it."""

from __future__ import annotations

import logging

import pytest

from nst_export.export import export_version
from nst_export.processor import flags_of, precision_for, this_cpuinfo, why_slow
from nst_export.saved_model.model_card import read_card
from nst_serving.log import log_slowness


def cpuinfo(*flags: str) -> str:
    return f"processor\t: 0\nflags\t\t: fpu {' '.join(flags)}\n\nprocessor\t: 1\nflags\t\t: fpu\n"


AMX, AVX512, OLD = (
    cpuinfo(*flags) for flags in (("avx512_bf16", "amx_bf16"), ("avx512f", "avx512_bf16"), ("avx2", "avx512f"))
)
UNKNOWN = "processor\t: 0\nFeatures\t: fp asimd\n"  # such as an ARM's


@pytest.mark.parametrize(
    ("text", "precision", "reason"),
    [
        (AMX, "bfloat16", "auto: the exporting processor has amx_bf16"),
        (AVX512, "bfloat16", "auto: the exporting processor has avx512_bf16"),
        (OLD, "float32", "auto: the exporting processor has none of amx_bf16, avx512_bf16"),
        (UNKNOWN, "float32", "auto: the exporting processor has none of amx_bf16, avx512_bf16"),
        ("", "float32", "auto: the exporting processor has none of amx_bf16, avx512_bf16"),
    ],
    ids=["AMX", "AVX512-BF16", "AVX512", "ARM", "no /proc/cpuinfo"],
)
def test_auto_is_bfloat16_where_the_processor_multiplies_in_it(text, precision, reason):
    assert precision_for("auto", text) == (precision, reason)


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
def test_what_is_asked_for_is_taken_on_every_processor(precision):
    assert {precision_for(precision, text) for text in (AMX, OLD, "")} == {(precision, "asked for")}


@pytest.mark.parametrize(
    ("precision", "text", "slow"),
    [
        ("bfloat16", OLD, True),
        ("float16", AMX, True),
        ("bfloat16", AMX, False),
        ("float16", cpuinfo("avx512_fp16"), False),
        ("float32", OLD, False),
        ("bfloat16", UNKNOWN, False),
        ("bfloat16", "", False),
    ],
)
def test_a_processor_is_called_slow_only_where_it_says_what_it_lacks(precision, text, slow):
    assert (why_slow(precision, text) is not None) == slow


def test_the_flags_are_those_of_the_first_processor():
    assert flags_of(OLD) == {"fpu", "avx2", "avx512f"}
    assert flags_of(UNKNOWN) == set()


@pytest.mark.slow
def test_the_card_says_what_auto_chose_on_this_machine(tmp_path, caplog):
    version = export_version(tmp_path / "nst", weights="random:0", precision="auto", width_divisor=16)
    card = read_card(version)
    assert (card.precision, card.precision_reason) == precision_for("auto", this_cpuinfo())
    assert f"The precision is {card.precision} ({card.precision_reason})." in caplog.messages


@pytest.mark.slow
def test_the_log_warns_of_a_version_that_is_slow_here(tmp_path, tiny_model_dir, caplog):
    caplog.set_level(logging.INFO, "nst_serving")
    log_slowness(tiny_model_dir / "1", OLD)
    log_slowness(tmp_path, OLD)  # not a model of ours
    assert caplog.messages == []
    version = export_version(tmp_path / "nst", weights="random:0", precision="bfloat16", width_divisor=16)
    caplog.clear()
    log_slowness(version, OLD)
    assert "none of amx_bf16, avx512_bf16, and computes bfloat16 slower than float32. A GPU may not be" in caplog.text
