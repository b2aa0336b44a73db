"""What a run shows: whole screens and whole logs, letter for letter."""

from __future__ import annotations

import contextlib
import io
import json
import re
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console

from nst_client.contract import LOSS_COLUMNS
from nst_client.display.single import display_kind, open_display
from nst_client.progress import Progress
from tests.client.display.teletype import COLOUR, Teletype

LOSSES = (0.0139, 0.0034, 0.0088, 0.0017)
TITLE = "photos/neckarfront.jpg in the manner of starry_night.jpg, 512 x 384"


def progress(
    iteration: int, iterations: int = 200, *, updates: int = 10, seconds: float = 8.0, losses=LOSSES
) -> Progress:
    """After a call that made `updates`; the losses of its earlier pictures are others."""
    rows = np.full((updates, 4), 7e7, np.float32)
    rows[-1] = losses
    return Progress(iteration, iterations, np.zeros((2, 2, 3), np.uint8), rows, seconds, 1, ())


def terminal(width: int = 80, term: str = "xterm") -> Console:
    file = io.StringIO()
    return Console(
        file=file, width=width, height=24, force_terminal=True, color_system="standard", _environ={"TERM": term}
    )


def screen(display: object, width: int) -> list[str]:
    """The lines that a display draws, of which none may be wider than the terminal."""
    console = terminal(width)
    console.print(display)
    lines = COLOUR.sub("", console.file.getvalue()).splitlines()
    assert all(cell_len(line) <= width for line in lines)
    return [line.rstrip() for line in lines]


SCREENS = {
    80: """\
photos/neckarfront.jpg in the manner of starry_night.jpg, 512 x 384      1:07:12
━━━━━━━━━━━━━━━━━━━━━╺━━━━━━━━━━━━━  120/200  1.2/s  64 s left
total 0.0139  content 0.00340  style 0.00880  total variation 0.00170
""",
    120: """\
photos/neckarfront.jpg in the manner of starry_night.jpg, 512 x 384                                              1:07:12
━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╺━━━━━━━━━━━━━━━━━━━━━━━━━━━━━  120/200  1.2/s  64 s left
total 0.0139  content 0.00340  style 0.00880  total variation 0.00170
""",
    60: """\
photos/neckarfront.jpg i...rry_night.jpg, 512 x 384  1:07:12
━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╺━━━━━━━━━━━━━━━━━━━━━━━
120/200  1.2/s  64 s left
total 0.0139  content 0.00340  style 0.00880
total variation 0.00170
""",
    40: """\
photos/neckarf...jpg, 512 x 384  1:07:12
━━━━━━━━━━━━━━━━━━━━━━━━╺━━━━━━━━━━━━━━━
120/200  1.2/s  64 s left
total 0.0139  content 0.00340
style 0.00880  total variation 0.00170
""",
}


@pytest.mark.parametrize("width", SCREENS)
def test_a_terminal_shows_title_bar_and_losses(width: int):
    times = iter([1000.0])
    clock = lambda: next(times, 1000.0 + 4032.0)  # noqa: E731
    with open_display("terminal", title=TITLE, done=0, iterations=200, console=terminal(), clock=clock) as display:
        display.show(progress(120))
        assert screen(display, width) == SCREENS[width].splitlines()


def test_before_the_first_call_is_over_a_terminal_says_what_it_waits_for():
    with open_display(
        "terminal", title="photo.jpg", done=50, iterations=200, console=terminal(), clock=lambda: 0.0
    ) as display:
        assert screen(display, 80) == [
            "photo.jpg                                                                   0:00",
            "━━━━━━━━╸━━━━━━━━━━━━━━━━━━━━━━━━━━   50/200",
            "waiting for the first picture",
        ]


def test_the_stopwatch_goes_on_between_two_calls():
    console, now = terminal(), [0.0]
    with open_display("terminal", title=TITLE, done=0, iterations=9, console=console, clock=lambda: now[0]):
        now[0] = 65.0
        end = time.monotonic() + 10
        while "1:05" not in console.file.getvalue():
            assert time.monotonic() < end
            time.sleep(0.05)


def test_slow_runs_and_large_losses_still_fit():
    huge = (1.5e7, 2.5e7, 3.5e7, float("nan"))
    with open_display(
        "terminal", title="photo.jpg", done=0, iterations=10_000, console=terminal(), clock=lambda: 0.0
    ) as display:
        display.show(progress(9000, 10_000, updates=1, seconds=75.5, losses=huge))
        assert screen(display, 80)[1:] == [
            "━━━━━━━━━━━━━━━━━━━━━━━━━━━╸━━━   9000/10000  75.5 s/iteration  20 h 58 min left",
            "total 1.50e+07  content 2.50e+07  style 3.50e+07  total variation nan",
        ]


@pytest.mark.parametrize("title", ["t" * 300, "星月夜" * 60])
def test_no_line_is_wider_than_the_terminal(title: str):
    console = terminal()
    with open_display("terminal", title=title, done=0, iterations=200, console=console, clock=lambda: 0.0) as display:
        display.show(progress(120, losses=(1.5e-7, 2.5e7, 3.5e7, 4.5e7)))
        for width in range(10, 160):
            assert screen(display, width)


def test_a_title_cannot_give_orders_to_the_terminal():
    console = terminal()
    with open_display(
        "terminal", title="[red]a\x1b[2J\nb\udc80.jpg", done=0, iterations=9, console=console, clock=lambda: 0.0
    ) as display:
        assert screen(display, 40)[0] == "[red]a?[2J?b?.jpg                   0:00"


@pytest.mark.parametrize("end", [None, ValueError, KeyboardInterrupt])
def test_after_the_end_only_notes_remain_and_the_cursor_is_back(end):
    console = terminal()
    raises = pytest.raises(end) if end else contextlib.nullcontext()
    with (
        raises,
        open_display("terminal", title=TITLE, done=0, iterations=200, console=console, clock=lambda: 0.0) as display,
    ):
        display.show(progress(10))
        display.note("Connection lost [busy]; trying again.")
        display.show(progress(20))
        during = Teletype(console.file.getvalue())
        if end:
            raise end
    assert during.text[:2] == ["Connection lost [busy]; trying again.", f"{TITLE}         0:00"]
    assert during.text[2].endswith("   20/200  1.2/s  2 min 24 s left")
    assert not during.cursor_is_shown
    after = Teletype(console.file.getvalue())
    assert after.text == ["Connection lost [busy]; trying again."]
    assert after.cursor_is_shown


def test_what_others_print_meanwhile_goes_where_it_belongs(capsys: pytest.CaptureFixture[str]):
    console = terminal()
    with open_display("terminal", title=TITLE, done=0, iterations=200, console=console, clock=lambda: 0.0) as display:
        display.show(progress(10))
        sys.stdout.write("the result\n")
        sys.stderr.write("Warning: an odd profile.\n")
    assert capsys.readouterr().out == "the result\n"
    assert Teletype(console.file.getvalue()).text == ["Warning: an odd profile."]


def recorded(kind, *chunks: Progress, note: str | None = None) -> str:
    console = Console(file=io.StringIO(), width=20)
    with open_display(kind, title=TITLE, done=0, iterations=200, console=console) as display:
        for chunk in chunks:
            display.show(chunk)
        if note:
            display.note(note)
    return console.file.getvalue()


def test_a_log_has_one_plain_line_for_each_call():
    assert recorded("lines", progress(110, seconds=8.0), progress(120, seconds=12.0), note="Connection\x1b lost.") == (
        "110/200 iterations, 1.2/s, 72 s left; total 0.0139, content 0.00340, style 0.00880, total variation 0.00170\n"
        "120/200 iterations, 1.2 s/iteration, 96 s left; "
        "total 0.0139, content 0.00340, style 0.00880, total variation 0.00170\n"
        "Connection? lost.\n"
    )


def test_a_log_of_calls_that_took_no_time_has_no_rate():
    assert recorded("lines", progress(200, seconds=0.0)).startswith("200/200 iterations; total 0.0139, ")


def test_json_has_one_object_for_each_call():
    assert recorded("json", progress(120, losses=(4, 1, 2, 1)), note='He said "no".\n') == (
        '{"iteration": 120, "iterations": 200, "iterations_per_second": 1.25, "seconds_left": 64.0, '
        '"losses": {"total": 4.0, "content": 1.0, "style": 2.0, "total_variation": 1.0}}\n'
        '{"note": "He said \\"no\\".\\n"}\n'
    )


def test_json_has_null_for_what_is_no_number():
    def refuse(name: str) -> None:
        raise AssertionError(name)

    line = recorded("json", progress(120, seconds=0.0, losses=(float("nan"), float("inf"), -float("inf"), 1)))
    loaded = json.loads(line, parse_constant=refuse)
    assert loaded["losses"] == {"total": None, "content": None, "style": None, "total_variation": 1.0}
    assert loaded["iterations_per_second"] is loaded["seconds_left"] is None


def test_quiet_is_quiet():
    assert recorded("quiet", progress(120), note="Connection lost.") == ""


def test_by_default_everything_goes_to_stderr(capsys: pytest.CaptureFixture[str]):
    with open_display("lines", title=TITLE, done=0, iterations=200) as display:
        display.note("Connection lost.")
    assert capsys.readouterr() == ("", "Connection lost.\n")


def test_a_terminal_that_cannot_move_its_cursor_gets_lines():
    console = terminal(term="dumb")
    with open_display("terminal", title=TITLE, done=0, iterations=200, console=console) as display:
        display.show(progress(120))
    assert re.fullmatch(r"120/200 iterations, [^\x1b\n]*\n", console.file.getvalue())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
@pytest.mark.parametrize("kind", ["lines", "json"])
def test_a_log_on_a_full_disk_does_not_end_the_run(kind):
    full = Path("/dev/full").open("w")  # noqa: SIM115  (closing it fails too)
    with open_display(kind, title=TITLE, done=0, iterations=200, console=Console(file=full)) as display:
        display.show(progress(120))
        display.note("Still here.")
    with pytest.raises(OSError, match="No space left on device"):
        full.close()


@pytest.mark.parametrize(
    ("quiet", "as_json", "is_terminal", "kind"),
    [
        (False, False, True, "terminal"),
        (False, False, False, "lines"),
        (False, True, True, "json"),
        (False, True, False, "json"),
        (True, False, True, "quiet"),
        (True, True, False, "quiet"),
    ],
)
def test_the_kind_follows_the_flags_and_the_place(quiet: bool, as_json: bool, is_terminal: bool, kind: str):
    assert display_kind(quiet, as_json, is_terminal) == kind


def test_the_picture_that_a_run_starts_from_has_no_losses():
    start = progress(0)._replace(losses=np.empty((0, 4), np.float32))
    assert recorded("lines", start) == "0/200 iterations\n"
    assert json.loads(recorded("json", start))["losses"] == dict.fromkeys(LOSS_COLUMNS)
