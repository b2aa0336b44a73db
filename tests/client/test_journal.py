"""A batch that was killed goes on where it was, and a journal is never spoiled."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from nst_client.batch_pairs import Pair
from nst_client.inputs import Numbers
from nst_client.journal import HEADER, Journal, JournalError
from nst_client.settings import Settings

SETTINGS = Settings(20, 64, Numbers(style_weight=0.1))

# What the processes that are killed begin with: the journal of the folder in argv[1], and its pairs.
OPENED = """
import sys
from pathlib import Path
from nst_client.batch_pairs import Pair
from nst_client.journal import Journal
from nst_client.settings import Settings

folder = Path(sys.argv[1])
def pair(name):
    return Pair(folder / "a.jpg", folder / "x.png", folder / name, Settings(20, 64))
with Journal(folder, model="nst") as journal:
"""


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    """A pair whose result has been written."""
    made = Pair(tmp_path / "a.jpg", tmp_path / "x.png", tmp_path / "a_x.png", SETTINGS)
    for file in made[:3]:
        file.write_text("a picture")
    return made


def journal(folder: Path, *, model: str = "nst", version: int | None = 1) -> Journal:
    return Journal(folder, model=model, version=version)


def record(folder: Path, *pairs: Pair) -> None:
    with journal(folder) as opened:
        for pair in pairs:
            opened.done(pair, 1.5, 1)


def is_done(folder: Path, pair: Pair, **model) -> bool:
    with journal(folder, **model) as opened:
        return opened.is_done(pair)


def test_what_is_done_stays_done_in_the_next_batch(tmp_path: Path, pair: Pair):
    with journal(tmp_path) as opened:
        assert not opened.is_done(pair)
        opened.done(pair, 1.5, 1)
        assert opened.is_done(pair)
    with journal(tmp_path) as opened:
        assert opened.is_done(pair)
        assert opened.seconds(pair) == 1.5
        assert opened.seconds(pair._replace(output=tmp_path / "other.png")) is None


def test_the_file_tells_a_reader_what_was_done_and_why_something_failed(tmp_path: Path, pair: Pair):
    with journal(tmp_path) as opened:
        opened.done(pair, 1.5, 3)
        opened.failed(pair._replace(style=tmp_path / "none.png"), "There is no file none.png.")
    header, done, failed = map(json.loads, (tmp_path / "journal.jsonl").read_text().splitlines())
    assert header == {"format": "nst-journal/1"}
    times = done.pop("time"), failed.pop("time")
    assert all(time.strptime(when, "%Y-%m-%dT%H:%M:%SZ") for when in times)
    content, style = ([str(file), 9, file.stat().st_mtime_ns] for file in pair[:2])
    settings = {"iterations": 20, "size": 64, "style_weight": 0.1}
    common = {"model": "nst", "content": content, "settings": settings}
    assert done == {"done": "a_x.png", "version": 3, "seconds": 1.5, "style": style, **common}
    assert failed == {"failed": "a_x.png", "reason": "There is no file none.png.", "style": None, **common}


def test_what_failed_is_not_done(tmp_path: Path, pair: Pair):
    with journal(tmp_path) as opened:
        opened.failed(pair, "The server was out of memory.")
        assert not opened.is_done(pair)
    assert not is_done(tmp_path, pair)


@pytest.mark.parametrize("part", ["content", "style"])
def test_a_picture_that_changed_is_stylised_again(tmp_path: Path, pair: Pair, part: str):
    file: Path = getattr(pair, part)
    record(tmp_path, pair)
    before = file.stat()
    file.write_text("another picture")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert not is_done(tmp_path, pair)  # other bytes, the same time
    file.write_text("a picture")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    assert not is_done(tmp_path, pair)  # as many bytes, another time
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert is_done(tmp_path, pair)
    moved = file.rename(file.with_name("moved.png"))
    assert not is_done(tmp_path, pair)
    assert not is_done(tmp_path, pair._replace(**{part: moved}))


def test_a_picture_that_changes_while_it_is_stylised_is_stylised_again(tmp_path: Path, pair: Pair):
    with journal(tmp_path) as opened:
        assert not opened.is_done(pair)
        pair.content.write_text("another picture")
        opened.done(pair, 1.5, 1)
        assert not opened.is_done(pair)
    assert not is_done(tmp_path, pair)


def test_other_settings_another_model_or_version_and_a_lost_result_are_not_done(tmp_path: Path, pair: Pair):
    record(tmp_path, pair)
    assert is_done(tmp_path, pair)
    assert not is_done(tmp_path, pair._replace(settings=SETTINGS._replace(size=65)))
    assert not is_done(tmp_path, pair._replace(settings=SETTINGS._replace(numbers=Numbers(0.1))))
    assert not is_done(tmp_path, pair._replace(output=tmp_path / "other.png"))
    assert not is_done(tmp_path, pair, model="other")
    assert not is_done(tmp_path, pair, version=2)
    assert is_done(tmp_path, pair, version=None)
    pair.output.unlink()
    assert not is_done(tmp_path, pair)


def test_of_two_results_under_one_name_the_newer_counts(tmp_path: Path, pair: Pair):
    newer = pair._replace(settings=SETTINGS._replace(iterations=300))
    record(tmp_path, pair, newer)
    assert not is_done(tmp_path, pair)
    assert is_done(tmp_path, newer)


def test_the_output_folder_may_be_moved_and_named_in_any_way(tmp_path: Path, pair: Pair, monkeypatch):
    (tmp_path / "out").mkdir()
    moved = pair._replace(output=pair.output.rename(tmp_path / "out" / "a_x.png"))
    record(tmp_path / "out", moved)
    (tmp_path / "out").rename(tmp_path / "results")
    monkeypatch.chdir(tmp_path)
    relative = Pair(Path("a.jpg"), Path("results/../x.png"), Path("results/a_x.png"), SETTINGS)
    assert is_done(Path("results"), relative)


def started(code: str, folder: Path) -> subprocess.Popen[str]:
    """A process that works on the folder's journal; it has opened it when it says so."""
    indented = "".join(f"    {line}\n" for line in code.splitlines())
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    arguments = [sys.executable, "-c", OPENED + indented, str(folder)]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    return process


def test_a_second_batch_is_refused_until_the_first_is_killed(tmp_path: Path, pair: Pair):
    process = started("import time; print('open', flush=True); time.sleep(60)", tmp_path)
    try:
        before = (tmp_path / "journal.jsonl").read_bytes()
        with pytest.raises(JournalError, match=f"Another batch is writing to {tmp_path}"), journal(tmp_path):
            pass
        assert (tmp_path / "journal.jsonl").read_bytes() == before
    finally:
        process.kill()
        process.communicate()
    record(tmp_path, pair)
    assert is_done(tmp_path, pair)


def test_a_second_batch_of_the_same_process_is_refused(tmp_path: Path):
    with journal(tmp_path):
        with pytest.raises(JournalError, match="Another batch"), journal(tmp_path):
            pass
        with pytest.raises(JournalError, match="Another batch"), journal(tmp_path):
            pass
    with journal(tmp_path):
        pass


def test_after_a_kill_in_the_middle_of_writing_all_that_was_recorded_is_done(tmp_path: Path, pair: Pair):
    code = (
        "print('open', flush=True)\nfor i in range(10**6): journal.done(pair(f'{i}.png'), 1.0, 1); print(i, flush=True)"
    )
    process = started(code, tmp_path)
    assert process.stdout is not None
    while int(process.stdout.readline()) < 20:
        pass
    process.kill()
    recorded = 20 + len(process.communicate()[0].splitlines())

    pairs = [pair._replace(output=tmp_path / f"{index}.png", settings=Settings(20, 64)) for index in range(recorded)]
    with journal(tmp_path) as opened:
        for one in pairs:
            one.output.touch()
            assert opened.is_done(one)
        opened.done(pair, 1.0, 1)
    assert is_done(tmp_path, pair)


def test_a_last_line_that_was_cut_anywhere_spoils_nothing(tmp_path: Path, pair: Pair):
    first, second = pair, pair._replace(output=tmp_path / "second.png")
    second.output.touch()
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


def test_a_last_line_whose_end_an_editor_took_away_still_counts(tmp_path: Path, pair: Pair):
    record(tmp_path, pair)
    file = tmp_path / "journal.jsonl"
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    assert is_done(tmp_path, pair)
    assert file.read_bytes() == whole


def test_a_first_line_that_was_cut_is_written_anew(tmp_path: Path, pair: Pair):
    for end in range(len(HEADER)):
        (tmp_path / "journal.jsonl").write_bytes(HEADER[:end])
        assert not is_done(tmp_path, pair)
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
        (HEADER + b'{"failed": "a.png"}\n\n', "is damaged in line 3"),
        (HEADER + b'{"done": "a_x.png"}\n', "is damaged in line 2"),
        (HEADER + b"\xff\xfe\n", "is damaged in line 2"),
        (HEADER + b"[" * 100_000 + b"\n", "is damaged in line 2"),
        (HEADER + b"7\n", "is damaged in line 2"),
    ],
    ids=lambda value: value[-20:] if isinstance(value, bytes) else "",
)
def test_a_damaged_foreign_or_newer_file_is_told_and_stays_as_it_is(
    tmp_path: Path, pair: Pair, data: bytes, words: str
):
    file = tmp_path / "journal.jsonl"
    file.write_bytes(data)
    for _ in range(2):  # the lock is free again
        with pytest.raises(JournalError) as raised:
            is_done(tmp_path, pair)
        assert words in str(raised.value)
        assert raised.value.remedy.endswith(".")
        assert file.read_bytes() == data


def test_a_disk_that_fills_up_is_told_and_leaves_whole_lines(tmp_path: Path, pair: Pair, python):
    code = OPENED + (
        "    import resource\n"
        "    from nst_client.journal import JournalError\n"
        "    journal.done(pair('one.png'), 1.0, 1)\n"
        "    before = journal.file.stat().st_size\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (before + 50, resource.RLIM_INFINITY))\n"
        "    for attempt in range(2):\n"
        "        try: journal.done(pair('two.png'), 1.0, 1)\n"
        "        except JournalError as error: print(error)\n"
        "        print(journal.file.stat().st_size - before, journal.is_done(pair('two.png')))\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))\n"
        "    journal.done(pair('three.png'), 1.0, 1)\n"
    )
    for name in ("one.png", "two.png", "three.png"):
        (tmp_path / name).touch()
    done = python(code, tmp_path)
    told = f"{tmp_path}/journal.jsonl cannot be written: File too large.\n0 False\n"
    assert (done.stdout, done.returncode) == (2 * told, 0), done.stderr
    plain = pair._replace(settings=Settings(20, 64))
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


def test_threads_share_a_journal(tmp_path: Path, pair: Pair):
    pairs = [pair._replace(output=tmp_path / f"{index}.png") for index in range(40)]
    for one in pairs:
        one.output.touch()

    def work(opened: Journal, part: list[Pair]) -> None:
        for one in part:
            if not opened.is_done(one):
                opened.done(one, 1.0, 1)

    with journal(tmp_path) as opened:
        threads = [threading.Thread(target=work, args=(opened, pairs[first::8])) for first in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    with journal(tmp_path) as opened:
        assert all(map(opened.is_done, pairs))
    assert len((tmp_path / "journal.jsonl").read_text().splitlines()) == 41


def test_a_thousand_pictures_cost_little_memory(tmp_path: Path, pair: Pair):
    import tracemalloc

    record(tmp_path, pair)
    header, line = (tmp_path / "journal.jsonl").read_text().splitlines()
    lines = [line.replace("a_x.png", f"{index}.png") for index in range(1000)]
    (tmp_path / "journal.jsonl").write_text("\n".join([header, *lines, ""]))
    tracemalloc.start()
    try:
        with journal(tmp_path) as opened:
            assert opened.seconds(pair._replace(output=tmp_path / "999.png")) == 1.5
            assert tracemalloc.get_traced_memory()[0] < 500_000
    finally:
        tracemalloc.stop()
