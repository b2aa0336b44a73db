"""What `--json` says of a run while it goes on: one form for one picture and for many, as the README shows it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from nst_client.contract import LOSS_COLUMNS
from nst_client.display.displays import open_display
from nst_client.display.events import Advanced, Event, Failed, Finished, Note, Started
from nst_client.progress import Plan, Progress

README = Path(__file__).parents[3] / "client" / "README.md"


def advanced(seconds: float = 8.0, losses=(4, 1, 2, 1)) -> Advanced:
    rows = np.array([losses] * 10, np.float32)
    return Advanced("b_x.png", Progress(120, 200, np.zeros((2, 2, 3), np.uint8), rows, seconds, 1, ()))


STARTED = Started("b_x.png", 50, 200)
EVENTS = [
    STARTED,
    Note('The server is busy: "try later". Waiting for it.', "b_x.png"),
    advanced(),
    Finished("b_x.png", 12.3),
    Failed("c_x.png", "There is no file c.png."),
    Note("Stopping after the calls in hand."),
]


def written(*events: Event, total: int = 40, done: int = 10) -> str:
    console = Console(file=io.StringIO(), width=20)
    with open_display("json", total=total, done=done, console=console) as display:
        for event in events:
            display.show(event)
    return console.file.getvalue()


def test_every_event_has_the_form_that_the_readme_shows():
    assert written(*EVENTS) == (
        '{"event": "started", "name": "b_x.png", "iteration": 50, "iterations": 200}\n'
        '{"event": "note", "text": "The server is busy: \\"try later\\". Waiting for it.", "name": "b_x.png"}\n'
        '{"event": "advanced", "name": "b_x.png", "iteration": 120, "iterations": 200, '
        '"iterations_per_second": 1.25, "seconds_left": 64.0, '
        '"losses": {"total": 4.0, "content": 1.0, "style": 2.0, "total_variation": 1.0}, "size": null}\n'
        '{"event": "finished", "name": "b_x.png", "seconds": 12.3, "done": 11, "failed": 0, "total": 40}\n'
        '{"event": "failed", "name": "c_x.png", "reason": "There is no file c.png.", '
        '"done": 11, "failed": 1, "total": 40}\n'
        '{"event": "note", "text": "Stopping after the calls in hand.", "name": null}\n'
    )
    assert written(*EVENTS) in README.read_text()


def test_a_single_run_is_a_batch_of_one():
    lines = written(STARTED, advanced(), Finished("b_x.png", 12.3), total=1, done=0).splitlines()
    assert lines[:2] == [*written(STARTED, advanced()).splitlines()]
    assert lines[2].endswith('"done": 1, "failed": 0, "total": 1}')


@pytest.mark.parametrize("losses", [(float("nan"), float("inf"), -float("inf"), 1)])
def test_what_is_no_number_is_null(losses):
    def refuse(name: str) -> None:
        raise AssertionError(name)

    _, line = written(STARTED, advanced(0.0, losses)).splitlines()
    event = json.loads(line, parse_constant=refuse)
    assert event["losses"] == {"total": None, "content": None, "style": None, "total_variation": 1.0}
    assert event["iterations_per_second"] is event["seconds_left"] is None


def test_the_picture_that_a_run_starts_from_has_no_losses():
    start = Progress(0, 200, np.zeros((2, 2, 3), np.uint8), np.empty((0, 4), np.float32), 8.0, 1, ())
    _, line = written(STARTED, Advanced("b_x.png", start)).splitlines()
    assert json.loads(line)["losses"] == dict.fromkeys(LOSS_COLUMNS)


def test_a_run_of_two_sizes_tells_the_one_that_it_is_painted_at():
    plan, picture, row = Plan((32, 64), (3, 5)), np.zeros((48, 64, 3), np.uint8), np.ones((1, 4), np.float32)
    calls = [Progress(iteration, 8, picture, row, 1.0, 1, (), plan) for iteration in (1, 3, 4, 8)]
    _, *lines = written(STARTED, *(Advanced("b_x.png", call) for call in calls)).splitlines()
    assert [json.loads(line)["size"] for line in lines] == [[32, 24], [32, 24], [64, 48], [64, 48]]
