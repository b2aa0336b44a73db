"""`nst batch` as a person or a script meets it, against the tiny model over a real socket."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nst_client.batch.journal import Journal
from nst_client.calls.style_client import StyleClient
from nst_client.files.pictures import Picture, read_picture, write_picture
from tests.client.proxy import NOWHERE
from tests.conftest import picture
from tests.events import wait_until

ITERATIONS = 6
ENDLESS = 100_000  # iterations that take minutes, which no test waits for
OPTIONS = ["--size", 48, "--iterations", ITERATIONS]


@pytest.fixture
def batch(nst, server, folders):
    """Runs the command on these folders, with more options."""
    contents, styles, out = folders

    def run(*more: object, address: str = server.address):
        return nst("batch", "-c", contents, "-s", styles, "-o", out, "--server", address, *OPTIONS, *more)

    return run


def undisturbed(
    client: StyleClient, folders: tuple[Path, Path, Path], iterations: int = ITERATIONS
) -> dict[str, np.ndarray]:
    contents, styles, _ = folders
    return {
        f"{content.stem}_{style.stem}.png": client.stylize(
            read_picture(content, 48).pixels, read_picture(style, 48).pixels, iterations=iterations
        ).image
        for content in sorted(contents.iterdir())
        for style in sorted(styles.iterdir())
    }


def assert_pictures(out: Path, expected: dict[str, np.ndarray]) -> None:
    for name, image in expected.items():
        assert np.array_equal(read_picture(out / name).pixels, image), name


def recorded(out: Path, what: str) -> list[str]:
    lines = (out / "journal.jsonl").read_text().splitlines()[1:]
    return [json.loads(line)[what] for line in lines if what in json.loads(line)]


def test_every_content_is_repainted_in_the_manner_of_every_style(batch, client, folders):
    done = batch()
    out = folders[2]
    assert (done.returncode, done.stdout) == (0, f"{out / 'contact_sheet.jpg'}\n{out / 'index.html'}\n"), done.stderr
    assert done.stderr.splitlines()[-1] == "6 of 6 pictures are done."
    expected = undisturbed(client, folders)
    assert len(expected) == 6
    assert_pictures(out, expected)
    left = {file.name for file in out.iterdir()} - {*expected, "journal.jsonl.lock"}
    assert left == {"journal.jsonl", "contact_sheet.jpg", "index.html"}


def test_a_batch_of_one_shows_its_calls_as_a_single_run_does(nst, server, folders):
    contents, styles, out = folders
    words = ["batch", "-c", contents / "a.png", "-s", styles / "x.png", "-o", out, "--server", server.address]
    *calls, last = nst(*words, *OPTIONS).stderr.splitlines()
    assert calls[-1].startswith(f"{ITERATIONS}/{ITERATIONS} iterations")
    assert last == "1 of 1 pictures are done."


def test_the_same_command_does_nothing_twice(batch, folders):
    batch()
    times = {file.name: file.stat().st_mtime_ns for file in folders[2].glob("*_*.png")}
    done = batch(address=NOWHERE)  # it needs no server for that
    assert done.returncode == 0
    assert done.stderr == "6 of 6 pictures are done, 6 of them before.\n"
    assert {file.name: file.stat().st_mtime_ns for file in folders[2].glob("*_*.png")} == times


def test_what_was_changed_or_deleted_is_done_again(batch, client, folders):
    contents, _, out = folders
    batch()
    write_picture(contents / "b.png", Picture(picture(48, 40, seed=99)))
    (out / "c_x.png").unlink()
    assert batch().returncode == 0
    assert sorted(recorded(out, "done")[6:]) == ["b_x.png", "b_y.png", "c_x.png"]
    assert_pictures(out, undisturbed(client, folders))
    assert batch("--style-weight", 2).returncode == 0
    assert len(recorded(out, "done")) == 15


def test_failures_are_listed_at_the_end_and_tried_again(batch, client, folders):
    contents, _, out = folders
    whole = (contents / "b.png").read_bytes()
    (contents / "b.png").write_bytes(whole[:200])
    done = batch()
    assert done.returncode == 1
    *_, summary, first, second = done.stderr.splitlines()
    assert summary == "4 of 6 pictures are done."
    for line, name in ((first, "b_x.png"), (second, "b_y.png")):  # in the order of the pairs, whichever was first
        assert line.startswith(f"Failed: {out / name}: {contents / 'b.png'} is damaged")
    assert "b.png" in (out / "index.html").read_text()
    (contents / "b.png").write_bytes(whole)
    assert batch().returncode == 0
    assert sorted(recorded(out, "done")[4:]) == ["b_x.png", "b_y.png"]
    assert_pictures(out, undisturbed(client, folders))


def test_failures_are_not_progress_that_quiet_would_hide(batch, folders):
    (folders[0] / "b.png").write_bytes(b"no picture")
    done = batch("--quiet")
    assert done.returncode == 1
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == ["Failed", "Failed"]


def test_the_report_for_programs(batch, folders):
    (folders[0] / "b.png").write_bytes(b"no picture")
    done = batch("--json")
    report = json.loads(done.stdout)
    assert (report["pictures"], report["done"], report["done_before"]) == (6, 4, 0)
    assert [set(failure) for failure in report["failed"]] == [{"output", "reason"}] * 2
    events = [json.loads(line) for line in done.stderr.splitlines()]
    assert {event["event"] for event in events} == {"started", "advanced", "finished", "failed"}


def test_no_server_ends_the_batch_and_blames_no_picture(batch, folders):
    done = batch(address=NOWHERE)
    assert done.returncode == 1
    what, _ = done.stderr.splitlines()
    assert what.startswith(f"ServerUnavailable: Nothing answers at {NOWHERE}")
    assert recorded(folders[2], "failed") == []


def test_a_dead_server_among_others_is_done_without(batch, client, folders):
    done = batch("--server", NOWHERE)
    assert done.returncode == 0
    silent, *_ = done.stderr.splitlines()
    assert silent.startswith(f"Nothing answers at {NOWHERE}")
    assert silent.endswith("The others go on without it.")
    assert_pictures(folders[2], undisturbed(client, folders))


def test_two_batches_cannot_share_a_journal(batch, folders):
    folders[2].mkdir()
    with Journal(folders[2], model="nst"):
        done = batch()
    assert done.returncode == 1
    assert done.stderr.startswith(f"JournalError: Another batch is writing to {folders[2]}.\n")
    assert batch().returncode == 0


def test_a_manifest_with_mistakes_is_refused_before_the_server_is_asked(nst, folders, tmp_path):
    table = tmp_path / "pairs.csv"
    table.write_text("content,style\nphotos/a.png,paintings/x.png\nphotos/z.png,paintings/x.png\n")
    done = nst("batch", "--manifest", table, "-o", folders[2], "--server", NOWHERE)
    assert done.returncode == 1
    assert done.stderr.startswith("ManifestError: ")
    assert "z.png" in done.stderr
    assert not folders[2].exists()


def test_a_manifest_sets_what_each_picture_needs(nst, server, client, folders, tmp_path):
    table = tmp_path / "pairs.csv"
    table.write_text("content,style,iterations,output\nphotos/a.png,paintings/x.png,3,first.png\n"
                     "photos/b.png,paintings/y.png,,deep/second.png\n")  # fmt: skip
    done = nst("batch", "--manifest", table, "-o", folders[2], "--server", server.address, *OPTIONS)
    assert done.returncode == 0, done.stderr
    three, six = undisturbed(client, folders, 3), undisturbed(client, folders)
    assert_pictures(folders[2], {"first.png": three["a_x.png"], "deep/second.png": six["b_y.png"]})


def test_pictures_of_one_name_in_several_folders_are_told_apart(nst, server, folders, tmp_path):
    table = tmp_path / "pairs.csv"
    rows = [f"photos/{c}.png,paintings/{s}.png,{c}/{s}.png\n" for c in "ab" for s in "xy"]
    table.write_text("content,style,output\n" + "".join(rows))
    more = ["--in-flight", 4, "--json"]
    done = nst("batch", "--manifest", table, "-o", folders[2], "--server", server.address, *OPTIONS, *more)
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stderr.splitlines()]
    assert sorted(event["name"] for event in events if event["event"] == "finished") == [
        *("a/x.png", "a/y.png", "b/x.png", "b/y.png")
    ]


def test_no_picture_takes_the_place_of_the_overview(nst, folders, tmp_path):
    table = tmp_path / "pairs.csv"
    table.write_text("content,style,output\nphotos/a.png,paintings/x.png,Contact_sheet.jpg\n")
    done = nst("batch", "--manifest", table, "-o", folders[2], "--server", NOWHERE)
    assert done.returncode == 1
    assert "'Contact_sheet.jpg' is where the overview of all results goes" in done.stderr


@pytest.mark.parametrize("arguments", [[], ["-c", "a.png", "--manifest", "b.csv"]], ids=["nothing", "both"])
def test_wrong_usage_exits_with_2(nst, arguments, tmp_path):
    assert nst("batch", "-o", tmp_path, *arguments).returncode == 2


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
sys.argv = ["nst", *sys.argv[2:]]
from nst_client.cli import main
main()
"""


@pytest.fixture
def limited(python, server, folders):
    """Runs the command where no file can be longer than so many bytes."""
    contents, styles, out = folders

    def run(most_bytes: int):
        words = ["batch", "-c", contents / "a.png", "-s", styles / "x.png", "-o", out, "--server", server.address]
        return python(LIMITED, most_bytes, *words, *OPTIONS)

    return run


def test_a_full_disk_is_told_of_every_picture_and_spares_the_journal(limited, folders):
    done = limited(4000)
    assert done.returncode == 1
    assert "a_x.png cannot be written: File too large." in done.stderr
    assert recorded(folders[2], "failed") == ["a_x.png"]


def test_a_disk_that_is_full_for_the_journal_too_ends_the_batch(limited, folders):
    (folders[0] / "a.png").write_bytes(b"no picture")
    done = limited(200)
    assert (done.returncode, done.stdout) == (1, "")
    assert "journal.jsonl cannot be written: File too large." in done.stderr
    assert "0 of 1 pictures are done.\nFailed: " in done.stderr
    assert "Traceback" not in done.stderr


def test_ctrl_c_saves_what_is_in_flight_and_the_same_command_goes_on(server, client, folders):
    contents, styles, out = folders
    command = [sys.executable, "-m", "nst_client", "batch", "-c", contents, "-s", styles, "-o", out,
               "--server", server.address, "--size", 48, "--iterations", ENDLESS]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "COLUMNS": "200"}
    process = subprocess.Popen(
        [str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )
    wait_until(lambda: len(list(out.glob("*.nst"))) == 2)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout) == (1, "")
    words = ["0 of 6 pictures are done.", "Stopped: The batch has not ended.", "Go on with the same command."]
    assert stderr.splitlines()[-3:] == words
    assert len(list(out.glob("*.nst"))) == 2
    assert recorded(out, "done") == recorded(out, "failed") == []
