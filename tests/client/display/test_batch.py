"""What a batch shows: whole screens and whole logs, letter for letter, also when many threads tell of it."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from nst_client.display.displays import open_display
from nst_client.display.events import Advanced, Display, Failed, Finished, Note, Started
from nst_client.progress import Progress
from tests.client.display.teletype import Teletype, screen, terminal

ORDERS = re.compile(r"\x1b\[[?\d;]*[A-Za-z]")
NAMES = ["beach.jpg", "holiday/2019/venice/canal_grande_in_the_evening_0017.jpg", "holiday/2019/zoo.png"]


def progress(iteration: int, iterations: int = 200, total: float = 4.0) -> Progress:
    losses = np.array([[total, 1, 2, 1]] * 10, np.float32)
    return Progress(iteration, iterations, np.zeros((2, 2, 3), np.uint8), losses, 8.0, 1, ())


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def tell_of_a_morning(display: Display, clock: Clock) -> None:
    """Three pictures done and one failed, three running; 75 s have gone by."""
    for index in range(3):
        display.show(Started(f"{index}.jpg", 0, 200))
        display.show(Advanced(f"{index}.jpg", progress(10)))
        clock.now += 20
        display.show(Finished(f"{index}.jpg", 20.0))
    for name, iteration in zip(NAMES, (0, 50, 1000), strict=True):
        display.show(Started(name, 0, 200 if iteration < 1000 else 2000))
        if iteration:
            display.show(Advanced(name, progress(iteration, 200 if iteration < 1000 else 2000)))
    display.show(Failed("missing.jpg", "There is no file missing.jpg."))
    clock.now += 15


SCREENS = {
    80: """\
14/40 pictures                                                              1:15
━━━━━━━━━━━━━╸━━━━━━━━━━━━━━━━━━━━━━━━━  1 failed  3.0/min  8 min 40 s left
  beach.jpg                                    ━━━━━━━━━━━━━━━━━━━━      0/200
  holiday/2019/venice/...the_evening_0017.jpg  ━━━━━╺━━━━━━━━━━━━━━     50/200
  holiday/2019/zoo.png                         ━━━━━━━━━━╺━━━━━━━━━  1000/2000
""",
    120: """\
14/40 pictures                                                                                                      1:15
━━━━━━━━━━━━━━━━━━━━━━━━━━━╸━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━  1 failed  3.0/min  8 min 40 s left
  beach.jpg                                                                            ━━━━━━━━━━━━━━━━━━━━      0/200
  holiday/2019/venice/canal_grande_in_the_evening_0017.jpg                             ━━━━━╺━━━━━━━━━━━━━━     50/200
  holiday/2019/zoo.png                                                                 ━━━━━━━━━━╺━━━━━━━━━  1000/2000
""",
    40: """\
14/40 pictures                      1:15
━━━━━━━━━━━━━━╺━━━━━━━━━━━━━━━━━━━━━━━━━
1 failed  3.0/min  8 min 40 s left
  beach.jpg                      0/200
  holiday/201...ng_0017.jpg     50/200
  holiday/2019/zoo.png       1000/2000
""",
}


@pytest.mark.parametrize("width", SCREENS)
def test_a_terminal_shows_the_batch_and_each_run(width: int):
    clock = Clock()
    with open_display("terminal", total=40, done=10, console=terminal(), clock=clock) as display:
        tell_of_a_morning(display, clock)
        assert screen(display, width) == SCREENS[width].splitlines()


def test_before_the_first_picture_a_terminal_shows_where_the_batch_begins():
    with open_display("terminal", total=40, done=10, console=terminal(), clock=Clock()) as display:
        assert screen(display, 80) == [
            "10/40 pictures                                                              0:00",
            "━━━━━━━━━╸━━━━━━━━━━━━━━━━━━━━━━━━━━━━━",
        ]


def test_of_many_runs_seven_are_shown_and_the_others_counted():
    with open_display("terminal", total=40, done=0, console=terminal(), clock=Clock()) as display:
        for index in range(8):
            display.show(Started(f"{index}.jpg", 0, 200))
        assert [line.split()[0] for line in screen(display, 80)[2:]] == [f"{index}.jpg" for index in range(8)]
        display.show(Started("8.jpg", 0, 200))
        assert [line.split()[0] for line in screen(display, 80)[2:-1]] == [f"{index}.jpg" for index in range(7)]
        assert screen(display, 80)[-1] == "  and 2 more"
        display.show(Finished("3.jpg", 1.0))
        assert len(screen(display, 80)) == 2 + 8


@pytest.mark.parametrize("name", ["n" * 300, "星月夜" * 60, "[red]\n\x1b[2J.jpg"])
def test_no_line_is_wider_than_the_terminal(name: str):
    clock = Clock()
    with open_display("terminal", total=12_000, done=10, console=terminal(), clock=clock) as display:
        tell_of_a_morning(display, clock)
        display.show(Started(name, 0, 10_000))
        for width in range(24, 160):
            assert 6 <= len(screen(display, width)) <= 9


@pytest.mark.parametrize("end", [ValueError, KeyboardInterrupt])
def test_after_the_end_notes_and_failures_remain_and_the_cursor_is_back(end):
    console, clock = terminal(), Clock()

    def batch() -> None:
        with open_display("terminal", total=40, done=10, console=console, clock=clock) as display:
            tell_of_a_morning(display, clock)
            display.show(Note("Connection lost; trying again."))
            raise end

    with pytest.raises(end):
        batch()
    written = console.file.getvalue()
    permanent = [ORDERS.sub("", line) for line in written.splitlines() if "missing" in line or "lost" in line]
    assert permanent == [
        "missing.jpg failed: There is no file missing.jpg.",
        "Connection lost; trying again.",
    ]
    assert written.rindex("\x1b[?25h") > written.rindex("\x1b[?25l")
    assert written.endswith("\x1b[1A\x1b[2K" * 5)  # the five lines of the display


def log_of_a_morning(kind) -> str:
    console, clock = Console(file=io.StringIO(), width=20), Clock()
    with open_display(kind, total=40, done=10, console=console, clock=clock) as display:
        tell_of_a_morning(display, clock)
        display.show(Note("Connection\x1b lost."))
    return console.file.getvalue()


def test_a_log_has_one_plain_line_for_each_picture():
    assert log_of_a_morning("lines") == (
        "11/40 0.jpg: 20.0 s\n"
        "12/40 1.jpg: 20.0 s\n"
        "13/40 2.jpg: 20.0 s\n"
        "14/40 missing.jpg failed: There is no file missing.jpg.\n"
        "Connection? lost.\n"
    )


def test_a_note_about_one_run_of_many_has_its_name():
    console = Console(file=io.StringIO())
    with open_display("lines", total=40, console=console) as display:
        display.show(Note("Connection lost.", "a.jpg"))
    assert console.file.getvalue() == "a.jpg: Connection lost.\n"


def test_quiet_is_quiet():
    assert log_of_a_morning("quiet") == ""


def test_a_terminal_that_cannot_move_its_cursor_gets_lines():
    console = terminal(term="dumb")
    with open_display("terminal", total=40, done=10, console=console, clock=Clock()) as display:
        display.show(Finished("a.jpg", 1.0))
    assert console.file.getvalue() == "11/40 a.jpg: 1.0 s\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_a_log_on_a_full_disk_does_not_end_the_batch():
    full = Path("/dev/full").open("w", encoding="utf-8")  # noqa: SIM115  (closing it fails too)
    with open_display("lines", total=40, done=10, console=Console(file=full)) as display:
        display.show(Finished("a.jpg", 1.0))
    with pytest.raises(OSError, match="No space left on device"):
        full.close()


def run_pictures(display: Display, thread: int) -> None:
    for picture in range(10):
        name = f"{thread}_{picture}.jpg"
        display.show(Started(name, 0, 30))
        for iteration in (10, 20, 30):
            display.show(Advanced(name, progress(iteration, 30)))
        if picture % 5:
            display.show(Finished(name, 1.0))
        else:
            display.show(Failed(name, "No reason."))


@pytest.fixture
def hectic() -> Iterator[None]:
    """Threads take turns so often that they meet everywhere."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("hectic")
@pytest.mark.parametrize("kind", ["terminal", "lines", "json"])
def test_many_threads_lose_no_picture_and_break_no_line(kind):
    console, clock = terminal(), Clock()
    with open_display(kind, total=80, done=0, console=console, clock=clock) as display:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda thread: run_pictures(display, thread), range(8), timeout=60))
        if kind == "terminal":
            assert screen(display, 80)[0].startswith("80/80 pictures  ")
            assert len(screen(display, 80)) == 2
    lines = console.file.getvalue().splitlines()
    if kind == "terminal":
        failed = [f"{thread}_{picture}.jpg failed: No reason." for thread in range(8) for picture in (0, 5)]
        assert sorted(Teletype(console.file.getvalue()).text) == failed
    if kind == "lines":
        assert [int(line.split("/")[0]) for line in lines] == list(range(1, 81))
        assert all(re.fullmatch(r"\d+/80 \d_\d\.jpg(: 1\.0 s| failed: No reason\.)", line) for line in lines)
    if kind == "json":
        events = [json.loads(line) for line in lines]
        assert len(events) == 80 * 5
        assert events[-1]["done"] + events[-1]["failed"] == 80
        assert sum(event["event"] == "failed" for event in events) == 16
