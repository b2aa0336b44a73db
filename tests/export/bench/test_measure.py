"""Rounds, on rows whose cost is known: a start-up and a price for each iteration."""

from __future__ import annotations

import contextlib
import json

import pytest

from nst_export.bench.measure import Plan, seen_at
from nst_export.bench.plot import plotted
from nst_export.bench.report import LeftOut
from nst_export.bench.rows import chosen_rows
from nst_export.bench.runner import RowFailed, Timed
from nst_export.bench.screen import screen
from nst_export.bench.summary import Machine, benchmark
from nst_export.bench.task import Task
from nst_export.saved_model.model_card import json_value
from nst_export.weights import WeightsRecord

NAMES = ["pytorch-float32", "nst-float32", "nst-bfloat16", "nst-grpc-float32"]
PRICES = {"pytorch-float32": 3.0, "nst-float32": 2.0, "nst-bfloat16": 1.0, "nst-grpc-float32": 2.0}  # at 32 x 32
FLOPS_PER_PIXEL = 1000.0
PEAK = {"peak-float32": 640_000.0, "peak-bfloat16": 2_048_000.0}  # an iteration at 32 x 32 takes 1.6 s and 0.5 s


class Known:
    """A row that says how long it takes."""

    def __init__(self, name: str, size: int, fails_at: int | None) -> None:
        self.name, self.price, self.fails_at = name, PRICES.get(name, 0) * size * size / 1024, fails_at

    def memory(self, field: str) -> int | None:
        return {"VmRSS": 1_000, "VmHWM": 4_000}[field]

    def timed(self, iterations: int) -> Timed:
        if iterations == self.fails_at:
            raise RowFailed("the machine is out of paint")
        start = 0.5 if "grpc" in self.name else 0.0
        return Timed(start + self.price * iterations, PEAK.get(self.name, 7.0))


def plan(*sizes: int) -> Plan:
    return Plan(chosen_rows(NAMES), sizes, rounds=3, iterations=4, call_iterations=10)


def start_known(running: list[str], **fails_at: int):
    @contextlib.contextmanager
    def start(row, size):
        running.append(row.name)
        try:
            yield Known(row.name, size, fails_at.get(row.name.replace("-", "_")))
        finally:
            running.remove(row.name)

    return start


def found(*sizes: int, **fails_at: int):
    running: list[str] = []
    wanted = plan(*sizes)
    seen = [seen_at(wanted, size, start_known(running, **fails_at), lambda _: None) for size in sizes]
    assert not running
    task = Task(None, WeightsRecord("random:0", "abc", None), FLOPS_PER_PIXEL)
    left_out = [LeftOut("tensorflow-eager", "There is no such thing. Get one.")]
    return benchmark(wanted, task, seen, left_out, Machine("x86_64, 2 cores", {"torch": "2.0"}))


def test_the_cost_is_marginal_and_compared_with_ours_and_the_limit():
    (size,) = found(32).sizes
    rows = {row.name: row for row in size.rows}
    assert [row.seconds for row in size.rows] == [3.0, 2.0, 1.0, 2.0]
    assert rows["pytorch-float32"].seconds_of_rounds == [3.0, 3.0, 3.0]
    assert rows["pytorch-float32"].times_nst_float32 == 1.5
    assert rows["pytorch-float32"].times_nst_bfloat16 == 3.0
    assert rows["nst-float32"].share_of_limit == pytest.approx(1.6 / 2.0)
    assert rows["nst-bfloat16"].share_of_limit == pytest.approx(0.5)
    assert rows["nst-float32"].loss == 7.0
    assert (rows["nst-float32"].base_memory, rows["nst-float32"].peak_memory) == (1_000, 3_000)


def test_whole_calls_are_compared_at_the_smallest_size():
    (call,) = found(32, 64).calls  # bfloat16 has no row over gRPC here
    assert (call.precision, call.size, call.iterations) == ("float32", 32, 10)
    assert call.ratio == pytest.approx(20.5 / 20.0)


def test_growth_is_fitted_from_two_sizes_on():
    assert found(32).growth == []
    growth = {one.name: one for one in found(32, 64).growth}
    assert growth["pytorch-float32"].seconds_exponent == pytest.approx(1.0)
    assert growth["pytorch-float32"].seconds_factor == pytest.approx(3.0 / 1024)


def test_a_row_that_fails_leaves_the_others_alone():
    report = found(32, 64, nst_float32=5)
    for size in report.sizes:
        rows = {row.name: row for row in size.rows}
        assert rows["nst-float32"].problem == "the machine is out of paint"
        assert rows["nst-float32"].seconds is None
        assert rows["nst-bfloat16"].seconds > 0
        assert rows["pytorch-float32"].times_nst_float32 is None
    assert report.calls == []
    assert "nst-float32 failed: the machine is out of paint." in screen(report, width=120, colour=False)


def test_every_process_ends_when_somebody_interrupts():
    running: list[str] = []

    def say(line: str) -> None:
        if "round 1" in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        seen_at(plan(32), 32, start_known(running), say)
    assert not running


def test_fewer_iterations_at_larger_sizes():
    by_size = plan(32)._replace(iterations=None).iterations_at
    assert [by_size(size) for size in (32, 256, 512, 1024)] == [12, 12, 3, 2]


def test_the_table_says_all():
    text = screen(found(32, 64), width=120, colour=False)
    (line,) = [line.split() for line in text.splitlines() if line.strip().startswith("pytorch-float32  ")][1:2]
    assert line[:5] == ["pytorch-float32", "3.000", "53%", "1.50", "3.00"]
    assert "convolution peak in bfloat16: 0 GFLOP/s" in text
    assert "10 iterations at 32 x 32 in float32: 20.50 s over gRPC, 20.00 s in process, +2.5%" in text
    assert "pytorch-float32   pixels ^ 1.00" in text
    assert "tensorflow-eager  There is no such thing. Get one." in text


def test_programs_and_pictures_have_it_too():
    report = found(32, 64)
    read = json.loads(json.dumps(json_value(report), allow_nan=False))
    assert read["sizes"][1]["rows"][0]["name"] == "pytorch-float32"
    assert plotted(report, ".png").startswith(b"\x89PNG")
    assert b"<svg" in plotted(report, ".svg")
