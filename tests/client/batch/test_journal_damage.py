"""A journal outlives kills, full disks and other batches, and what is damaged stays as it is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nst_client.batch.journal import HEADER
from nst_client.errors import JournalError
from nst_client.jobs.job import Job
from nst_client.jobs.settings import Settings
from tests.client.batch.journals import OPENED, is_done, journal, record, written_job


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return written_job(tmp_path)


def started(code: str, folder: Path) -> subprocess.Popen[str]:
    """A process that works on the folder's journal; it has opened it when it says so."""
    indented = "".join(f"    {line}\n" for line in code.splitlines())
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    arguments = [sys.executable, "-c", OPENED + indented, str(folder)]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    return process


def test_a_second_batch_is_refused_until_the_first_is_killed(tmp_path: Path, job: Job):
    process = started("import time; print('open', flush=True); time.sleep(60)", tmp_path)
    try:
        before = (tmp_path / "journal.jsonl").read_bytes()
        with pytest.raises(JournalError, match=f"Another batch is writing to {tmp_path}"), journal(tmp_path):
            pass
        assert (tmp_path / "journal.jsonl").read_bytes() == before
    finally:
        process.kill()
        process.communicate()
    record(tmp_path, job)
    assert is_done(tmp_path, job)


def test_a_second_batch_of_the_same_process_is_refused(tmp_path: Path):
    with journal(tmp_path):
        with pytest.raises(JournalError, match="Another batch"), journal(tmp_path):
            pass
        with pytest.raises(JournalError, match="Another batch"), journal(tmp_path):
            pass
    with journal(tmp_path):
        pass


def test_after_a_kill_in_the_middle_of_writing_all_that_was_recorded_is_done(tmp_path: Path, job: Job):
    code = (
        "print('open', flush=True)\nfor i in range(10**6): journal.done(job(f'{i}.png'), 1.0, 1); print(i, flush=True)"
    )
    process = started(code, tmp_path)
    assert process.stdout is not None
    while int(process.stdout.readline()) < 20:
        pass
    process.kill()
    recorded = 20 + len(process.communicate()[0].splitlines())

    jobs = [job._replace(output=tmp_path / f"{index}.png", settings=Settings(20, 64)) for index in range(recorded)]
    with journal(tmp_path) as opened:
        for one in jobs:
            one.output.write_bytes(b"a picture")
            assert opened.is_done(one)
        opened.done(job, 1.0, 1)
    assert is_done(tmp_path, job)


def test_a_last_line_that_was_cut_anywhere_spoils_nothing(tmp_path: Path, job: Job):
    first, second = job, job._replace(output=tmp_path / "second.png")
    second.output.write_bytes(b"a picture")
    record(tmp_path, first, second)
    file = tmp_path / "journal.jsonl"
    whole = file.read_bytes()
    start = whole.rindex(b"\n", 0, -1) + 1
    for end in [*range(start, start + 20), *range(start + 20, len(whole) - 1, 29), len(whole) - 2]:
        file.write_bytes(whole[:end])
        with journal(tmp_path) as opened:
            assert opened.is_done(first)
            assert not opened.is_done(second)
            opened.done(second, 1.5, 1)
        assert len(file.read_bytes().splitlines()) == 3
        assert is_done(tmp_path, second)


def test_a_last_line_whose_end_an_editor_took_away_still_counts(tmp_path: Path, job: Job):
    record(tmp_path, job)
    file = tmp_path / "journal.jsonl"
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    assert is_done(tmp_path, job)
    assert file.read_bytes() == whole


def test_a_journal_that_an_editor_saved_in_its_own_way_still_counts(tmp_path: Path, job: Job):
    record(tmp_path, job)
    file = tmp_path / "journal.jsonl"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n") + b"\r\n\n")
    second = job._replace(output=tmp_path / "second.png")
    second.output.write_bytes(b"a picture")
    record(tmp_path, second)
    assert is_done(tmp_path, job)
    assert is_done(tmp_path, second)


def test_a_first_line_that_was_cut_is_written_anew(tmp_path: Path, job: Job):
    for end in range(len(HEADER)):
        (tmp_path / "journal.jsonl").write_bytes(HEADER[:end])
        assert not is_done(tmp_path, job)
        assert (tmp_path / "journal.jsonl").read_bytes() == HEADER


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"a diary\n", "is not the journal of a batch"),
        (b"\x89PNG\r\n\x1a\n\0", "is not the journal of a batch"),
        (b"[" * 100_000, "is not the journal of a batch"),
        (b'["nst-journal/1"]\n', "is not the journal of a batch"),
        (b'{"format": "nst-run/1"}\n', "is not the journal of a batch"),
        (b'{"format": "nst-journal/2"}\n{}\n', "has the format 'nst-journal/2', this version reads 'nst-journal/1'"),
        (HEADER + b'{"done": "a_x.png", "mod\n' + HEADER, "is damaged in line 2"),
        (HEADER + b'{"done": "a_x.png"}\n', "is damaged in line 2"),
        (HEADER + b"\xff\xfe\n", "is damaged in line 2"),
        (HEADER + b"[" * 100_000 + b"\n", "is damaged in line 2"),
        (HEADER + b"7\n", "is damaged in line 2"),
    ],
    ids=lambda value: value[-20:] if isinstance(value, bytes) else "",
)
def test_a_damaged_foreign_or_newer_file_is_told_and_stays_as_it_is(tmp_path: Path, job: Job, data: bytes, words: str):
    file = tmp_path / "journal.jsonl"
    file.write_bytes(data)
    for _ in range(2):  # the lock is free again
        with pytest.raises(JournalError) as raised:
            is_done(tmp_path, job)
        assert words in str(raised.value)
        assert raised.value.remedy.endswith(".")
        assert file.read_bytes() == data


def test_a_disk_that_fills_up_is_told_and_leaves_whole_lines(tmp_path: Path, job: Job, python):
    code = OPENED + (
        "    import resource\n"
        "    from nst_client.errors import JournalError\n"
        "    journal.done(job('one.png'), 1.0, 1)\n"
        "    before = journal.file.stat().st_size\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (before + 50, resource.RLIM_INFINITY))\n"
        "    for attempt in range(2):\n"
        "        try: journal.done(job('two.png'), 1.0, 1)\n"
        "        except JournalError as error: print(error)\n"
        "        print(journal.file.stat().st_size - before, journal.is_done(job('two.png')))\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))\n"
        "    journal.done(job('three.png'), 1.0, 1)\n"
    )
    for name in ("one.png", "two.png", "three.png"):
        (tmp_path / name).write_bytes(b"a picture")
    done = python(code, tmp_path)
    told = f"{tmp_path}/journal.jsonl cannot be written: File too large.\n0 False\n"
    assert (done.stdout, done.returncode) == (2 * told, 0), done.stderr
    plain = job._replace(settings=Settings(20, 64))
    states = [is_done(tmp_path, plain._replace(output=tmp_path / f"{name}.png")) for name in ("one", "two", "three")]
    assert states == [True, False, True]


@pytest.mark.parametrize(
    ("folder", "words"),
    [("nowhere", "There is no folder"), ("file", "There is no folder"), ("full", "cannot be opened")],
)
def test_a_journal_that_cannot_be_opened_is_told(tmp_path: Path, folder: str, words: str):
    (tmp_path / "file").touch()
    (tmp_path / "full" / "journal.jsonl").mkdir(parents=True)
    with pytest.raises(JournalError, match=words), journal(tmp_path / folder):
        pass
    assert not (tmp_path / "nowhere").exists()
