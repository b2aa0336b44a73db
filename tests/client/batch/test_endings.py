"""How `nst batch` ends when something is in the way of its end."""

from __future__ import annotations

import json
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from nst_client.batch.files import warnings_as_notes
from tests.client.proxy import Held

OPTIONS = ["--size", 48, "--iterations", 2]


@pytest.fixture
def batch(nst, server, folders):
    contents, styles, out = folders

    def run(*more: object, address: str = server.address):
        words = ["batch", "-c", contents, "-s", styles / "x.png", "-o", out, "--server", address]
        return nst(*words, *OPTIONS, *more)

    return run


def test_an_overview_that_cannot_be_written_is_found_before_the_first_picture(batch, folders):
    out = folders[2]
    (out / "contact_sheet.jpg").mkdir(parents=True)
    done = batch()
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[0] == f"FileError: {out / 'contact_sheet.jpg'} is a folder."
    assert [file.name for file in out.iterdir()] == ["contact_sheet.jpg"]


def test_an_overview_that_cannot_be_written_hides_no_failure_and_no_page(batch, folders, server, closing):
    contents, _, out = folders
    (contents / "b.png").write_bytes(b"no picture")
    held = closing(Held(server.address, calls=1))
    with ThreadPoolExecutor() as pool:
        running = pool.submit(batch, "--json", address=held.address)
        held.wait_for_a_call()
        (out / "contact_sheet.jpg").mkdir()
        held.release()
    done = running.result()
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert (report["done"], report["contact_sheet"], report["page"]) == (2, None, str(out / "index.html"))
    assert [failure["output"] for failure in report["failed"]] == [str(out / "b_x.png")]
    assert report["error"] == f"{out / 'contact_sheet.jpg'} is a folder."
    assert f"FileError: {report['error']}" in done.stderr


def test_a_page_that_no_batch_wrote_is_left_alone(batch, folders):
    out = folders[2]
    out.mkdir()
    (out / "index.html").write_text("<title>My holidays</title>")
    done = batch()
    assert (done.returncode, done.stdout) == (1, "")
    assert f"FileError: {out / 'index.html'} is no page of a batch." in done.stderr
    assert [file.name for file in out.iterdir()] == ["index.html"]
    (out / "index.html").unlink()
    for _ in range(2):  # but its own one is overwritten
        assert batch().returncode == 0


def test_a_sub_folder_that_cannot_be_made_fails_its_own_pictures_alone(nst, server, folders):
    contents, styles, out = folders
    out.mkdir()
    (out / "sub").write_text("a file")
    table = contents / "pairs.csv"
    table.write_text(f"content,style,output\na.png,{styles / 'x.png'},sub/a.png\nb.png,{styles / 'x.png'},b.png\n")
    done = nst("batch", "--manifest", table, "-o", out, "--server", server.address, *OPTIONS)
    assert done.returncode == 1
    assert "1 of 2 pictures are done." in done.stderr
    assert f"Failed: {out / 'sub' / 'a.png'}: There is no folder {out / 'sub'}." in done.stderr
    assert (out / "b.png").exists()


def test_a_warning_is_an_event_of_the_batch_and_told_once(nst, server, folders):
    contents, styles, out = folders
    odd = contents / "a.png"
    Image.fromarray(np.asarray(Image.open(odd))).save(odd, icc_profile=b"no profile")
    words = ["batch", "-c", odd, "-s", styles, "-o", out, "--server", server.address, *OPTIONS]
    done = nst(*words, "--json")
    assert done.returncode == 0
    notes = [event["text"] for event in map(json.loads, done.stderr.splitlines()) if event["event"] == "note"]
    assert len(notes) == 1
    assert notes[0].startswith(f"Warning: {odd}: ignored its ICC profile")
    (out / "a_x.png").unlink()
    assert nst(*words, "--quiet").stderr == ""


def test_warnings_go_their_usual_way_afterwards():
    usual, told = warnings.showwarning, []
    with warnings_as_notes(told.append), warnings.catch_warnings():
        warnings.simplefilter("always")
        for text in ("one", "one", "two"):
            warnings.warn(text, stacklevel=1)
    assert told == ["Warning: one", "Warning: two"]
    assert warnings.showwarning is usual


def test_a_name_in_a_failure_cannot_give_orders_to_the_terminal(nst, server, folders):
    contents, styles, out = folders
    (contents / "z\x1b[31m.png").write_bytes(b"no picture")
    done = nst("batch", "-c", contents, "-s", styles / "x.png", "-o", out, "--server", server.address, *OPTIONS)
    assert "z?[31m_x.png: " in done.stderr
    assert "\x1b" not in done.stderr


@pytest.mark.parametrize("closed", ["1", "2"])
def test_a_closed_output_ends_nothing(python, server, folders, closed: str):
    contents, styles, out = folders
    code = """
import os, subprocess, sys
number, *words = sys.argv[1:]
command = [sys.executable, "-m", "nst_client", *words]
sys.exit(subprocess.run(command, preexec_fn=lambda: os.close(int(number))).returncode)
"""
    words = ["batch", "-c", contents / "a.png", "-s", styles / "x.png", "-o", out, "--server", server.address]
    assert python(code, closed, *words, *OPTIONS).returncode == 0
    assert (out / "index.html").exists()
