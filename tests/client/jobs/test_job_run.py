"""A job from its pictures to its written result: what happens, and in which order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nst_client.calls.run import Patience
from nst_client.calls.style_client import StyleClient
from nst_client.display.events import Event
from nst_client.errors import Diverged, FileError
from nst_client.files.pictures import Picture, write_picture
from nst_client.jobs.job import Job, Sources
from nst_client.jobs.job_run import KEPT, JobRun
from nst_client.jobs.observer import Observer
from nst_client.jobs.settings import Settings
from nst_client.jobs.state_file import read_state
from nst_client.progress import Progress
from tests.client.proxy import Spoiled


class Recorder(Observer):
    """Notes every point of a run, with the files that are there at that time."""

    def __init__(self, job: Job, state: Path) -> None:
        super().__init__("out.png", self)
        self._job, self._state = job, state
        self.points: list[tuple[str, bool, bool]] = []
        self.losses = np.empty((0, 4))

    def show(self, event: Event) -> None:
        self._note(type(event).__name__)

    def replacing(self) -> None:
        self._note("replacing")

    def written(self, progress: Progress, losses: np.ndarray, seconds: float) -> None:
        self.losses = losses
        self._note("written")

    def ended_early(self, losses: np.ndarray) -> None:
        self.losses = losses
        self._note("ended early")

    def _note(self, point: str) -> None:
        state = (point, self._job.output.exists(), self._state.exists())
        if not self.points or self.points[-1] != state:
            self.points.append(state)


@pytest.fixture
def job(tmp_path: Path, content: np.ndarray, style: np.ndarray) -> Job:
    sources = Sources(tmp_path / "content.png", (tmp_path / "style.png",))
    for file, pixels in zip(sources.files, (content, style), strict=True):
        write_picture(file, Picture(pixels))
    return Job(sources, tmp_path / "out.png", Settings(5, 0))


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "out.nst"


@pytest.mark.parametrize("keep_state", [False, True])
def test_the_saved_run_stays_until_all_files_are_written(client, job, state, keep_state: bool):
    run, recorder = JobRun(job, client, state, keep_state=keep_state), Recorder(job, state)
    run.finish(run.paint(recorder, Patience()), recorder)
    assert recorder.points[-4:] == [
        ("Advanced", False, True),
        ("replacing", False, True),
        ("written", True, True),
        ("Finished", True, keep_state),
    ]
    assert recorder.points[0] == ("Started", False, False)
    assert len(recorder.losses) == 5
    assert not keep_state or read_state(state).settings[KEPT] is True


def test_the_seconds_of_a_run_are_those_of_its_painting(client, job, state):
    now = iter((100.0, 107.5))
    run, recorder = JobRun(job, client, state, clock=lambda: next(now)), Recorder(job, state)
    run.finish(run.paint(recorder, Patience()), recorder)
    assert run.seconds == 7.5


def test_a_run_that_diverges_keeps_its_best_picture_and_all_its_losses(server, closing, job, state):
    spoiled = closing(Spoiled(server.address, 3))
    with StyleClient(spoiled.address) as client:
        run, recorder = JobRun(job, client, state), Recorder(job, state)
        with pytest.raises(Diverged, match="The best picture is kept"):
            run.paint(recorder, Patience(), stop_at_multiples_of=2)
    assert recorder.points[-2:] == [("replacing", False, True), ("ended early", True, True)]
    assert np.flatnonzero(np.isnan(recorder.losses[:, 0])).tolist() == [3]
    assert not state.exists()


@pytest.mark.parametrize("role", ["content", "style"])
def test_a_picture_that_cannot_be_read_is_named_before_anything_is_sent(client, job, state, role: str):
    file = job.sources.by_role()[role]
    file.unlink()
    with pytest.raises(FileError, match=file.name):
        JobRun(job, client, state)
