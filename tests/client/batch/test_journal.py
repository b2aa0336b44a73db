"""What a journal holds as done, and for whom."""

from __future__ import annotations

import json
import os
import threading
import time
import tracemalloc
from pathlib import Path

import pytest

from nst_client.batch.journal import Journal
from nst_client.jobs.job import Job, Sources
from tests.client.batch.journals import SETTINGS, is_done, journal, record, written_job


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return written_job(tmp_path)


def moved_to(job: Job, role: str, file: Path) -> Job:
    """The job with another file for its content or its style."""
    sources = {**job.sources.by_role(), role: file}
    return job._replace(sources=Sources(sources["content"], (sources["style"],)))


def test_what_is_done_stays_done_in_the_next_batch(tmp_path: Path, job: Job):
    with journal(tmp_path) as opened:
        assert not opened.is_done(job)
        opened.done(job, 1.5, 1)
        assert opened.is_done(job)
    with journal(tmp_path) as opened:
        assert opened.is_done(job)
        assert opened.seconds(job) == 1.5
        assert opened.seconds(job._replace(output=tmp_path / "other.png")) is None


def test_the_file_tells_a_reader_what_was_done_and_why_something_failed(tmp_path: Path, job: Job):
    with journal(tmp_path) as opened:
        opened.done(job, 1.5, 3)
        opened.failed(
            job._replace(sources=job.sources._replace(styles=(tmp_path / "none.png",))), "There is no file none.png."
        )
    header, done, failed = map(json.loads, (tmp_path / "journal.jsonl").read_text().splitlines())
    assert header == {"format": "nst-journal/1"}
    times = done.pop("time"), failed.pop("time")
    assert all(time.strptime(when, "%Y-%m-%dT%H:%M:%SZ") for when in times)
    content, style = ([str(file), 9, file.stat().st_mtime_ns] for file in job.sources.files)
    settings = {"iterations": 20, "size": 64, "style_weight": 0.1}
    common = {"model": "nst", "content": content, "settings": settings}
    assert done == {"done": "a_x.png", "version": 3, "seconds": 1.5, "style": style, **common}
    assert failed == {"failed": "a_x.png", "reason": "There is no file none.png.", "style": None, **common}


def test_what_failed_is_not_done(tmp_path: Path, job: Job):
    with journal(tmp_path) as opened:
        opened.failed(job, "The server was out of memory.")
        assert not opened.is_done(job)
    assert not is_done(tmp_path, job)


@pytest.mark.parametrize("role", ["content", "style"])
def test_a_picture_that_changed_is_stylised_again(tmp_path: Path, job: Job, role: str):
    file = job.sources.by_role()[role]
    record(tmp_path, job)
    before = file.stat()
    file.write_text("another picture")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert not is_done(tmp_path, job)  # other bytes, the same time
    file.write_text("a picture")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    assert not is_done(tmp_path, job)  # as many bytes, another time
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert is_done(tmp_path, job)
    moved = file.rename(file.with_name("moved.png"))
    assert not is_done(tmp_path, job)
    assert not is_done(tmp_path, moved_to(job, role, moved))


def test_a_picture_that_changes_while_it_is_stylised_is_stylised_again(tmp_path: Path, job: Job):
    with journal(tmp_path) as opened:
        assert not opened.is_done(job)
        job.sources.content.write_text("another picture")
        opened.done(job, 1.5, 1)
        assert not opened.is_done(job)
    assert not is_done(tmp_path, job)


def test_other_settings_another_model_or_version_and_a_lost_result_are_not_done(tmp_path: Path, job: Job):
    record(tmp_path, job)
    assert is_done(tmp_path, job)
    assert not is_done(tmp_path, job._replace(settings=SETTINGS._replace(size=65)))
    assert not is_done(tmp_path, job._replace(settings=SETTINGS._replace(options={"content_weight": 0.1})))
    assert not is_done(tmp_path, job._replace(output=tmp_path / "other.png"))
    assert not is_done(tmp_path, job, model="other")
    assert not is_done(tmp_path, job, version=2)
    assert is_done(tmp_path, job, version=None)
    job.output.write_bytes(b"")
    assert not is_done(tmp_path, job)
    job.output.unlink()
    assert not is_done(tmp_path, job)


def test_of_two_results_under_one_name_the_newer_counts(tmp_path: Path, job: Job):
    newer = job._replace(settings=SETTINGS._replace(iterations=300))
    record(tmp_path, job, newer)
    assert not is_done(tmp_path, job)
    assert is_done(tmp_path, newer)


def test_a_result_that_was_replaced_is_not_done_whatever_became_of_the_new_one(tmp_path: Path, job: Job):
    newer = job._replace(settings=SETTINGS._replace(iterations=300))
    with journal(tmp_path) as opened:
        opened.replacing(job)  # there is nothing yet
        opened.done(job, 1.5, 1)
        opened.failed(newer, "The server was out of memory.")
        assert opened.is_done(job)  # a failure leaves the file alone
        opened.replacing(newer)
        assert not opened.is_done(job)
    assert not is_done(tmp_path, job)  # the process was killed before it could say what it wrote
    assert not is_done(tmp_path, newer)
    assert len((tmp_path / "journal.jsonl").read_text().splitlines()) == 4
    record(tmp_path, newer)
    assert is_done(tmp_path, newer)


def test_pictures_that_were_moved_are_the_same_and_others_of_their_names_are_told_apart(tmp_path: Path, job: Job):
    record(tmp_path, job)
    (tmp_path / "moved").mkdir()
    moved = moved_to(job, "content", job.sources.content.rename(tmp_path / "moved" / job.sources.content.name))
    with journal(tmp_path) as opened:
        assert opened.is_done(moved)
        assert opened.holds_others(moved)
        job.sources.content.write_text("a picture of another day")
        assert not opened.is_done(job)
        assert not opened.holds_others(job)
    (tmp_path / "moved" / job.sources.content.name).write_text("a picture of another day")
    with journal(tmp_path) as opened:
        assert not opened.is_done(moved)
        assert opened.holds_others(moved)
        job.output.unlink()
        assert not opened.holds_others(moved)


def test_the_output_folder_may_be_moved_and_named_in_any_way(tmp_path: Path, job: Job, monkeypatch):
    (tmp_path / "out").mkdir()
    moved = job._replace(output=job.output.rename(tmp_path / "out" / "a_x.png"))
    record(tmp_path / "out", moved)
    (tmp_path / "out").rename(tmp_path / "results")
    monkeypatch.chdir(tmp_path)
    relative = Job(Sources(Path("a.jpg"), (Path("results/../x.png"),)), Path("results/a_x.png"), SETTINGS)
    assert is_done(Path("results"), relative)


def test_threads_share_a_journal(tmp_path: Path, job: Job):
    jobs = [job._replace(output=tmp_path / f"{index}.png") for index in range(40)]
    for one in jobs:
        one.output.write_bytes(b"a picture")

    def work(opened: Journal, part: list[Job]) -> None:
        for one in part:
            if not opened.is_done(one):
                opened.done(one, 1.0, 1)

    with journal(tmp_path) as opened:
        threads = [threading.Thread(target=work, args=(opened, jobs[first::8])) for first in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    with journal(tmp_path) as opened:
        assert all(map(opened.is_done, jobs))
    assert len((tmp_path / "journal.jsonl").read_text().splitlines()) == 41


def test_a_thousand_pictures_cost_little_memory(tmp_path: Path, job: Job):
    record(tmp_path, job)
    header, line = (tmp_path / "journal.jsonl").read_text().splitlines()
    lines = [line.replace("a_x.png", f"{index}.png") for index in range(1000)]
    (tmp_path / "journal.jsonl").write_text("\n".join([header, *lines, ""]))
    tracemalloc.start()
    try:
        with journal(tmp_path) as opened:
            assert opened.seconds(job._replace(output=tmp_path / "999.png")) == 1.5
            assert tracemalloc.get_traced_memory()[0] < 500_000
    finally:
        tracemalloc.stop()
