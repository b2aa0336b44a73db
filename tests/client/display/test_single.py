"""What a run shows: whole screens and whole logs, letter for letter."""

from __future__ import annotations

import contextlib
import io
import re
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from nst_client.display.displays import display_kind, open_display
from nst_client.display.events import Advanced, Display, Event, Failed, Finished, Note, Started
from nst_client.progress import Progress
from tests.client.display.teletype import Teletype, screen, terminal

LOSSES = (0.0139, 0.0034, 0.0088, 0.0017)
TITLE = "photos/neckarfront.jpg in the manner of starry_night.jpg, 512 x 384"


def progress(
    iteration: int, iterations: int = 200, *, updates: int = 10, seconds: float = 8.0, losses=LOSSES
) -> Progress:
    """After a call that made `updates`; the losses of its earlier pictures are others."""
    rows = np.full((updates, 4), 7e7, np.float32)
    rows[-1] = losses
    return Progress(iteration, iterations, np.zeros((2, 2, 3), np.uint8), rows, seconds, 1, ())


def open_single(kind, console: Console, *, title: str = TITLE, clock=lambda: 0.0):
    return open_display(kind, title=title, console=console, clock=clock)


def started(iterations: int = 200, iteration: int = 0) -> Started:
    return Started("out.png", iteration, iterations)


def advanced(iteration: int, iterations: int = 200, **call) -> Advanced:
    return Advanced("out.png", progress(iteration, iterations, **call))


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
    with open_single("terminal", terminal(), clock=clock) as display:
        display.show(started())
        display.show(advanced(120))
        assert screen(display, width) == SCREENS[width].splitlines()


def test_before_the_first_call_is_over_a_terminal_says_what_it_waits_for():
    with open_single("terminal", terminal(), title="photo.jpg") as display:
        assert screen(display, 40) == ["photo.jpg                           0:00"]  # its pictures are being read
        display.show(started(iteration=50))
        assert screen(display, 80) == [
            "photo.jpg                                                                   0:00",
            "━━━━━━━━╸━━━━━━━━━━━━━━━━━━━━━━━━━━   50/200",
            "waiting for the first picture",
        ]


def test_the_stopwatch_goes_on_between_two_calls():
    console, now = terminal(), [0.0]
    with open_single("terminal", console, clock=lambda: now[0]):
        now[0] = 65.0
        end = time.monotonic() + 10
        while "1:05" not in console.file.getvalue():
            assert time.monotonic() < end
            time.sleep(0.05)


def test_slow_runs_and_large_losses_still_fit():
    huge = (1.5e7, 2.5e7, 3.5e7, float("nan"))
    with open_single("terminal", terminal()) as display:
        display.show(started(10_000))
        display.show(advanced(9000, 10_000, updates=1, seconds=75.5, losses=huge))
        assert screen(display, 80)[1:] == [
            "━━━━━━━━━━━━━━━━━━━━━━━━━━━╸━━━   9000/10000  75.5 s/iteration  20 h 58 min left",
            "total 1.50e+07  content 2.50e+07  style 3.50e+07  total variation nan",
        ]


@pytest.mark.parametrize("title", ["t" * 300, "星月夜" * 60])
def test_no_line_is_wider_than_the_terminal(title: str):
    with open_single("terminal", terminal(), title=title) as display:
        display.show(started())
        display.show(advanced(120, losses=(1.5e-7, 2.5e7, 3.5e7, 4.5e7)))
        for width in range(10, 160):
            assert screen(display, width)


def test_a_title_cannot_give_orders_to_the_terminal():
    with open_single("terminal", terminal(), title="[red]a\x1b[2J\nb\udc80.jpg") as display:
        assert screen(display, 40)[0] == "[red]a?[2J?b?.jpg                   0:00"


@pytest.mark.parametrize("end", [None, ValueError, KeyboardInterrupt])
def test_after_the_end_only_notes_remain_and_the_cursor_is_back(end):
    console = terminal()
    raises = pytest.raises(end) if end else contextlib.nullcontext()
    with raises, open_single("terminal", console) as display:
        display.show(started())
        display.show(advanced(10))
        display.show(Note("Connection lost [busy]; trying again.", "out.png"))
        display.show(advanced(20))
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
    with open_single("terminal", console) as display:
        display.show(started())
        sys.stdout.write("the result\n")
        sys.stderr.write("Warning: an odd profile.\n")
    assert capsys.readouterr().out == "the result\n"
    assert Teletype(console.file.getvalue()).text == ["Warning: an odd profile."]


def recorded(kind, *events: Event) -> str:
    console = Console(file=io.StringIO(), width=20)
    with open_single(kind, console) as display:
        for event in (started(), *events):
            display.show(event)
    return console.file.getvalue()


def test_a_log_has_one_plain_line_for_each_call():
    assert recorded("lines", advanced(110), advanced(120, seconds=12.0), Note("Connection\x1b lost.", "out.png")) == (
        "110/200 iterations, 1.2/s, 72 s left; total 0.0139, content 0.00340, style 0.00880, total variation 0.00170\n"
        "120/200 iterations, 1.2 s/iteration, 96 s left; "
        "total 0.0139, content 0.00340, style 0.00880, total variation 0.00170\n"
        "Connection? lost.\n"
    )


def test_a_log_of_calls_that_took_no_time_has_no_rate():
    assert recorded("lines", advanced(200, seconds=0.0)).startswith("200/200 iterations; total 0.0139, ")


def test_the_end_of_a_single_run_is_told_by_its_command_and_not_by_its_display():
    assert recorded("lines", Finished("out.png", 12.0)) == recorded("lines", Failed("out.png", "No reason.")) == ""


def test_quiet_is_quiet():
    assert recorded("quiet", advanced(120), Note("Connection lost."), Failed("out.png", "No reason.")) == ""


def test_by_default_everything_goes_to_stderr(capsys: pytest.CaptureFixture[str]):
    with open_display("lines") as display:
        display.show(Note("Connection lost."))
    assert capsys.readouterr() == ("", "Connection lost.\n")


def test_a_terminal_that_cannot_move_its_cursor_gets_lines():
    console = terminal(term="dumb")
    with open_single("terminal", console) as display:
        display.show(started())
        display.show(advanced(120))
    assert re.fullmatch(r"120/200 iterations, [^\x1b\n]*\n", console.file.getvalue())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
@pytest.mark.parametrize("kind", ["lines", "json"])
def test_a_log_on_a_full_disk_does_not_end_the_run(kind):
    full = Path("/dev/full").open("w", encoding="utf-8")  # noqa: SIM115  (closing it fails too)
    with open_single(kind, Console(file=full)) as display:
        display.show(started())
        display.show(advanced(120))
        display.show(Note("Still here."))
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
    start = Advanced("out.png", progress(0)._replace(losses=np.empty((0, 4), np.float32)))
    assert recorded("lines", start) == "0/200 iterations\n"


class Interrupted(io.StringIO):
    """A log in the middle of whose first line a signal comes, whose handler shows a note."""

    display: Display | None = None

    def write(self, text: str) -> int:
        display, self.display = self.display, None
        if display is not None:
            display.show(Note("Stopping after the call in hand."))
        return super().write(text)


@pytest.mark.parametrize("kind", ["lines", "json", "terminal"])
def test_a_note_in_the_middle_of_another_event_does_not_wait_for_its_end(kind):
    file = Interrupted()
    console = Console(file=file, force_terminal=True, _environ={"TERM": "xterm"})
    with open_single(kind, console) as display:
        display.show(started())
        file.display = display
        display.show(advanced(120))
    assert "Stopping after the call in hand." in file.getvalue()
