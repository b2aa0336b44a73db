"""The runs of a batch: how many at a time, where they go on, and what becomes of a defect."""

from __future__ import annotations

import contextlib
import re
import threading

import numpy as np
import pytest

from nst_client import errors
from nst_client.batch.journal import Journal
from nst_client.batch.pairs import cross_pairs
from nst_client.batch.runner import Batch
from nst_client.calls.style_client import StyleClient
from nst_client.contract import DESCRIBE
from nst_client.display.events import Advanced, Event
from nst_client.display.plain import QuietDisplay
from nst_client.errors import Stopped
from nst_client.files.pictures import Picture, read_picture, write_picture
from nst_client.jobs.checkpoint import Checkpoint
from nst_client.jobs.interrupt import Interrupt
from nst_client.jobs.job import Job
from nst_client.jobs.job_run import KEPT
from nst_client.jobs.result import batch_state_of, state_file_of
from nst_client.jobs.settings import Settings
from tests.client.proxy import NOWHERE, Spoiled
from tests.conftest import picture

ITERATIONS = 6


def batch_of(client: StyleClient, journal: Journal) -> Batch:
    return Batch(client, journal, QuietDisplay(), Interrupt())


def jobs_of(folders, iterations=ITERATIONS):
    contents, styles, out = folders
    out.mkdir(exist_ok=True)
    return cross_pairs([str(contents)], [str(styles)], out, Settings(iterations, 48))


def words_of(job: Job) -> dict[str, object]:
    names = {role: file.name for role, file in job.sources.by_role().items()}
    return {**names, "model": "nst", **job.settings.as_json(), KEPT: False}


def test_no_more_calls_are_in_flight_than_allowed(server, folders):
    class CountingClient(StyleClient):
        lock, now, most, seen = threading.Lock(), 0, 0, 0
        together = threading.Barrier(3, timeout=60)

        def _predict(self, signature, *arguments, **options):
            if signature == DESCRIBE:  # the model card, which one run asks for and all wait for
                return super()._predict(signature, *arguments, **options)
            with self.lock:
                CountingClient.now += 1
                CountingClient.seen += 1
                first = self.seen <= 3
                CountingClient.most = max(self.most, self.now)
            try:
                if first:
                    self.together.wait()
                return super()._predict(signature, *arguments, **options)
            finally:
                with self.lock:
                    CountingClient.now -= 1

    jobs = jobs_of(folders)
    with CountingClient(server.address) as client, Journal(folders[2], model="nst") as journal:
        batch_of(client, journal).run(jobs, in_flight=3)
    assert CountingClient.most == 3


def test_half_of_a_picture_is_not_done_twice(server, client, folders):
    """A run that an earlier batch left goes on where it was."""
    (job, *_) = jobs_of(folders, iterations=8)
    asked: list[int] = []

    class ListeningClient(StyleClient):
        def _predict(self, signature, inputs, *arguments, **options):
            if signature == "stylize_step":
                asked.append(int(inputs["iterations"]))
            return super()._predict(signature, inputs, *arguments, **options)

    content, style = (read_picture(file, 48).pixels for file in job.sources.files)
    checkpoint = Checkpoint(batch_state_of(job.output), words_of(job))
    for progress in client.watch(content, style, iterations=8, stop_at_multiples_of=5):
        checkpoint.take(progress)
        if progress.iteration == 5:
            break
    checkpoint.save()
    with ListeningClient(server.address) as listening, Journal(folders[2], model="nst") as journal:
        batch_of(listening, journal).run([job], in_flight=1)
    assert sum(asked) == 3
    assert np.array_equal(read_picture(job.output).pixels, client.stylize(content, style, iterations=8).image)


def test_a_run_left_by_other_pictures_begins_anew(client, folders):
    (job, *_) = jobs_of(folders, iterations=4)
    checkpoint = Checkpoint(batch_state_of(job.output), words_of(job))
    checkpoint.take(next(client.watch(picture(48, 40, seed=5), picture(48, 40, seed=6), iterations=4)))
    checkpoint.save()
    with Journal(folders[2], model="nst") as journal:
        batch = batch_of(client, journal)
        batch.run([job], in_flight=1)
    assert batch.failures == []
    content, style = (read_picture(file, 48).pixels for file in job.sources.files)
    assert np.array_equal(read_picture(job.output).pixels, client.stylize(content, style, iterations=4).image)


def test_a_state_that_nst_stylize_keeps_beside_a_result_is_left_alone(client, folders):
    (job, *_) = jobs_of(folders)
    kept = state_file_of(job.output)
    kept.write_bytes(b"the run of somebody else")
    with Journal(folders[2], model="nst") as journal:
        batch_of(client, journal).run([job], in_flight=1)
    assert job.output.exists()
    assert kept.read_bytes() == b"the run of somebody else"
    assert not batch_state_of(job.output).exists()


def test_other_pictures_of_the_same_names_do_not_take_the_place_of_a_result(client, folders, tmp_path):
    (job, *_) = jobs_of(folders)
    with Journal(folders[2], model="nst") as journal:
        batch_of(client, journal).run([job], in_flight=1)
    result = job.output.read_bytes()
    (tmp_path / "day2").mkdir()
    other = tmp_path / "day2" / job.sources.content.name
    write_picture(other, Picture(picture(48, 40, seed=77)))
    for expected in ([f"{job.output} was made from other pictures of the same names"], []):
        with Journal(folders[2], model="nst") as journal:
            batch = batch_of(client, journal)
            batch.run([job._replace(sources=job.sources._replace(content=other))], in_flight=1)
        assert [failure.reason.split(":")[0] for failure in batch.failures] == expected
        assert (job.output.read_bytes() == result) == bool(expected)
        job.output.unlink()


def test_a_full_disk_ends_the_batch_at_its_first_picture(client, folders):
    class Full(Journal):
        """Of a folder whose disk has become full when a result is to be written."""

        def replacing(self, job: Job) -> None:
            raise errors.DiskFull(f"{job.output} cannot be written: No space left on device.", "Free some space.")

    jobs = jobs_of(folders)
    with Full(folders[2], model="nst") as journal:
        batch = batch_of(client, journal)
        with pytest.raises(errors.DiskFull):
            batch.run(jobs, in_flight=1)
    assert (batch.done, batch.failures) == (0, [])


@pytest.mark.parametrize("count", [1, 2])
def test_a_batch_that_is_asked_to_stop_in_its_last_call_has_ended(client, folders, count: int):
    interrupt, jobs = Interrupt(), jobs_of(folders)[:count]

    class Late(QuietDisplay):
        def show(self, event: Event) -> None:
            if isinstance(event, Advanced):
                interrupt.requested = event.progress.iteration == event.progress.iterations

    with Journal(folders[2], model="nst") as journal:
        batch = Batch(client, journal, Late(), interrupt)
        with contextlib.nullcontext() if count == 1 else pytest.raises(Stopped):
            batch.run(jobs, in_flight=1)
    assert batch.done == 1


def test_a_defect_reaches_the_main_thread(folders):
    class BrokenClient(StyleClient):
        def watch(self, *arguments, **options):
            raise ZeroDivisionError

    jobs = jobs_of(folders)
    with BrokenClient(NOWHERE) as client, Journal(folders[2], model="nst") as journal, pytest.raises(ZeroDivisionError):
        batch_of(client, journal).run(jobs, in_flight=2)


def test_a_picture_that_diverges_keeps_its_best_one_and_no_state(server, client, closing, folders):
    (job, *_) = jobs_of(folders, iterations=20)
    content, style = (read_picture(file, 48).pixels for file in job.sources.files)
    begun = next(client.watch(content, style, iterations=20, stop_at_multiples_of=5))
    checkpoint = Checkpoint(batch_state_of(job.output), words_of(job))
    checkpoint.take(begun)
    spoiled = closing(Spoiled(server.address, 12))
    with StyleClient(spoiled.address) as spoiled_client, Journal(folders[2], model="nst") as journal:
        batch = batch_of(spoiled_client, journal)
        batch.run([job], in_flight=1)
    (failure,) = batch.failures
    best = int(re.search(r"no longer finite .* The best picture is kept, that after (\d+) iter", failure.reason)[1])
    assert 1 <= best <= 13
    assert np.array_equal(read_picture(job.output).pixels, client.stylize(content, style, iterations=best).image)
    assert not batch_state_of(job.output).exists()
